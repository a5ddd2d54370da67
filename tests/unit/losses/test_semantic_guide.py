"""Semantic guidance of codes, against torchvision's network of the same name."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss
from torchvision.models.vgg import cfgs, make_layers

from lowlight_cli.checkpoints.load_lpips import read_semantic_guide
from lowlight_cli.errors import WeightsError

RELU3_4, RELU4_4 = 18, 27


@pytest.fixture(scope="module")
def vgg19() -> nn.Sequential:
    torch.manual_seed(0)
    return make_layers(cfgs["E"][:15], batch_norm=False).eval()


@pytest.fixture(scope="module")
def weights(vgg19: nn.Sequential, tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = {f"features.{key}": value for key, value in vgg19.state_dict().items()}
    path = tmp_path_factory.mktemp("guide") / "vgg19.pth"
    torch.save(state | {"classifier.0.weight": torch.zeros(2, 2)}, path)
    return path


@pytest.mark.parametrize(("downscale", "depth"), [(4, RELU3_4), (8, RELU4_4)])
def test_features_are_those_of_torchvision(vgg19, weights, downscale: int, depth: int) -> None:
    guide = read_semantic_guide(weights, 3, downscale)
    images = torch.rand(1, 3, 32, 48)
    codes = torch.randn(1, 3, 32 // downscale, 48 // downscale)
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    seen = vgg19[:depth]((images - mean.view(3, 1, 1)) / deviation.view(3, 1, 1))
    expected = mse_loss(guide.head(codes).clamp(min=0), seen)
    torch.testing.assert_close(guide(codes, images), expected)


def test_only_head_and_codes_learn(weights) -> None:
    guide = read_semantic_guide(weights, 3, 8)
    codes = torch.randn(1, 3, 4, 4, requires_grad=True)
    guide(codes, torch.rand(1, 3, 32, 32)).backward()
    assert codes.grad is not None
    assert codes.grad.abs().sum() > 0
    assert [name for name, each in guide.named_parameters() if each.grad is not None] == [
        "head.weight",
        "head.bias",
    ]


def test_another_file_is_refused(tmp_path: Path) -> None:
    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match=r"other\.pth is not a VGG19"):
        read_semantic_guide(tmp_path / "other.pth", 3, 8)
