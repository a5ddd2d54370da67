"""The deformable convolution does what torchvision's kernel does, in any precision and for any offset."""

import pytest
import torch
from torch.nn.functional import conv2d, pad
from torchvision.ops import deform_conv2d

from lowlight_cli.layers.deformable import DeformableConvolution, deformable_convolution


def _inputs(*, height=9, width=13, channels=8, groups=4, spread=3.0, dtype=torch.float32):
    offsets = spread * torch.randn(2, 18 * groups, height, width, dtype=dtype)
    modulation = torch.rand(2, 9 * groups, height, width, dtype=dtype)
    features = torch.randn(2, channels, height, width, dtype=dtype)
    weight = torch.randn(6, channels, 3, 3, dtype=dtype) / (9 * channels) ** 0.5
    return features, offsets, modulation, weight, torch.randn(6, dtype=dtype)


def _kernel(features, offsets, modulation, weight, bias):
    return deform_conv2d(features, offsets, weight, bias, padding=1, mask=modulation)


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("spread", [0.0, 0.7, 30.0])
def test_it_gives_what_torchvisions_kernel_gives(groups, spread):
    inputs = _inputs(groups=groups, spread=spread)
    torch.testing.assert_close(deformable_convolution(*inputs), _kernel(*inputs), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("spread", [0.7, 5.0])
def test_its_gradients_are_those_of_torchvisions_kernel(spread):
    inputs = [value.requires_grad_() for value in _inputs(spread=spread)]
    towards = torch.randn(2, 6, 9, 13)
    found = torch.autograd.grad((deformable_convolution(*inputs) * towards).sum(), inputs)
    wanted = torch.autograd.grad((_kernel(*inputs) * towards).sum(), inputs)
    for name, ours, theirs in zip(
        ("features", "offsets", "modulation", "weight", "bias"), found, wanted, strict=True
    ):
        torch.testing.assert_close(
            ours, theirs, rtol=1e-4, atol=3e-5, msg=lambda text, name=name: f"{name}: {text}"
        )


def test_without_offsets_it_is_a_plain_convolution():
    features, offsets, modulation, weight, bias = _inputs(spread=0.0)
    made = deformable_convolution(features, offsets, torch.ones_like(modulation), weight, bias)
    torch.testing.assert_close(made, conv2d(features, weight, bias, padding=1), rtol=1e-5, atol=1e-5)


def test_a_whole_offset_moves_the_picture():
    features, offsets, modulation, weight, bias = _inputs(spread=0.0)
    offsets[:, 1::2] = 2  # to the right
    made = deformable_convolution(features, offsets, torch.ones_like(modulation), weight, bias)
    moved = pad(features, (0, 3))[..., 1:]  # the other one of the two is the left tap's
    wanted = conv2d(moved, weight, bias, padding=(1, 0))
    torch.testing.assert_close(made, wanted, rtol=1e-5, atol=1e-5)


def test_offsets_out_of_the_picture_or_no_numbers_do_no_harm():
    features, offsets, modulation, weight, bias = _inputs(spread=1.0)
    offsets[0, :, 2, 3] = float("inf")
    offsets[0, :, 4, 5] = -1e30
    offsets[1, :, 2, 3] = float("nan")
    made = deformable_convolution(features, offsets, modulation, weight, bias)
    assert made.isfinite().all()
    torch.testing.assert_close(made[0, :, 2, 3], bias)
    torch.testing.assert_close(made[0, :, 4, 5], bias)
    offsets[1, :, 2, 3] = 0
    unmoved = deformable_convolution(features, offsets, modulation, weight, bias)
    torch.testing.assert_close(made[1], unmoved[1])


def test_no_number_in_a_picture_is_not_hidden():
    features, *others = _inputs()
    features[0, 0, 4, 4] = float("nan")
    others[0].zero_()
    assert deformable_convolution(features, *others).isnan().any()


def test_a_wide_picture_keeps_its_places_in_bfloat16():
    # In bfloat16 neighboring columns past 256 have the same number.
    features, offsets, modulation, weight, bias = _inputs(height=3, width=600, spread=0.0)
    exact = deformable_convolution(features, offsets, modulation, weight, bias)
    with torch.autocast("cpu", torch.bfloat16):
        made = deformable_convolution(
            features.bfloat16(), offsets.bfloat16(), modulation.bfloat16(), weight, bias
        )
    torch.testing.assert_close(made.float(), exact, rtol=3e-2, atol=6e-2)


def test_at_first_it_is_half_a_convolution():
    layer, features, guide = DeformableConvolution(8, 6, 5), torch.randn(2, 8, 7, 7), torch.randn(2, 5, 7, 7)
    wanted = 0.5 * conv2d(features, layer.weight, padding=1) + layer.bias.view(-1, 1, 1)
    torch.testing.assert_close(layer(features, guide), wanted, rtol=1e-5, atol=1e-5)


def test_the_reach_bounds_what_a_position_sees():
    layer = DeformableConvolution(4, 4, 4, reach=2.0)
    torch.nn.init.normal_(layer.predict.weight, std=10.0)
    features, guide = torch.randn(1, 4, 1, 41, requires_grad=True), torch.randn(1, 4, 1, 41)
    layer(features, guide)[0, :, 0, 20].sum().backward()
    seen = features.grad.abs().sum((0, 1, 2)).nonzero().flatten()
    assert seen.min() >= 20 - 4  # a tap, the reach, and the neighbor of a place between two positions
    assert seen.max() <= 20 + 4
    assert len(seen) > 3


def test_strips_change_nothing(monkeypatch):
    inputs = _inputs()
    whole = deformable_convolution(*inputs)
    monkeypatch.setattr("lowlight_cli.layers.deformable.POSITIONS_PER_STRIP", 30)
    torch.testing.assert_close(deformable_convolution(*inputs), whole)
