"""MobileNetV2 with the sizes, names and padding of the published network."""

import pytest
import torch
from torch.nn.functional import batch_norm, conv2d, relu6

from lowlight_cli.models.semantic.mobilenet import InvertedResidual, MobileNetV2


@pytest.fixture(scope="module")
def network() -> MobileNetV2:
    torch.manual_seed(0)
    return MobileNetV2(imagenet_norm=False)


def test_it_has_the_published_number_of_parameters(network: MobileNetV2) -> None:
    assert sum(parameter.numel() for parameter in network.parameters()) == 1_811_712


def test_state_has_a_convolution_and_a_norm_for_each_of_51_layers(network: MobileNetV2) -> None:
    names = list(network.state_dict())
    assert len(names) == 51 * 6
    for name in ("0.0.weight", "0.1.running_mean", "1.conv.0.0.weight", "1.conv.1.weight", "17.conv.3.bias"):
        assert f"features.{name}" in names


@pytest.mark.parametrize("side", [32, 256, 288, 416, 608])
def test_features_are_a_sixteenth_of_the_picture(network: MobileNetV2, side: int) -> None:
    assert network(torch.rand(1, 3, 32, side)).shape == (1, 320, 2, side // 16)


def test_border_is_padded_before_the_expansion() -> None:
    """Written out for a block of one channel that doubles: the border holds act(norm(0)), not zero."""
    torch.manual_seed(0)
    block = InvertedResidual(1, 1, expansion=2, stride=1, dilation=2).eval()
    (expand, norm, _), (filters, second_norm, _), project, last_norm = block.conv
    for layer in (norm, second_norm, last_norm):
        layer.bias.data.uniform_(0.2, 0.8)
    features = torch.rand(1, 1, 5, 6)
    canvas = torch.zeros(1, 1, 9, 10)
    canvas[:, :, 2:-2, 2:-2] = features

    hidden = canvas * expand.weight.view(1, 2, 1, 1)
    hidden = relu6(hidden / (1 + 1e-5) ** 0.5 + norm.bias.view(1, 2, 1, 1))
    assert (hidden[:, :, 0, 0] == relu6(norm.bias)).all()
    hidden = conv2d(hidden, filters.weight, dilation=2, groups=2)
    hidden = relu6(hidden / (1 + 1e-5) ** 0.5 + second_norm.bias.view(1, 2, 1, 1))
    projected = (hidden * project.weight.view(1, 2, 1, 1)).sum(1, keepdim=True)
    expected = features + batch_norm(
        projected, last_norm.running_mean, last_norm.running_var, bias=last_norm.bias
    )
    torch.testing.assert_close(block(features), expected)


def test_stem_has_no_padding(network: MobileNetV2) -> None:
    assert network.features[0](torch.rand(1, 3, 256, 256)).shape == (1, 32, 127, 127)


def test_last_groups_see_wider_in_place_of_striding(network: MobileNetV2) -> None:
    dilations = [block.border[0] for block in list(network.features)[1:]]
    assert dilations == [1] * 14 + [2, 2, 2]


def test_it_stays_in_evaluation_mode_and_untrained(network: MobileNetV2) -> None:
    holder = torch.nn.ModuleList([network]).train()
    before = network.features[0][1].running_mean.clone()
    network(torch.rand(2, 3, 32, 32))
    assert holder.training
    assert not any(module.training for module in network.modules())
    assert torch.equal(network.features[0][1].running_mean, before)
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_normalized_pictures_are_those_of_imagenet(network: MobileNetV2) -> None:
    usual = MobileNetV2(imagenet_norm=True)
    usual.load_state_dict(network.state_dict())
    images = torch.rand(1, 3, 32, 64)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    torch.testing.assert_close(usual(images), network((images - mean) / std))
    assert not torch.allclose(usual(images), network(images))
