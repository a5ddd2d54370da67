"""The fused trunk against window attention written out position by position."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import gelu, layer_norm, linear

from lowlight_cli.layers.swin import (
    SwinBlock,
    SwinTrunk,
    TokenLinear,
    cut_windows,
    join_windows,
    shift_mask,
    window_offsets,
)

CHANNELS, HEADS, WINDOW = 12, 3, 4


def attend_slowly(block: SwinBlock, tokens: Tensor) -> Tensor:
    """Attention of one picture (h, w, c): each position asks its window mates."""
    height, width, channels = tokens.shape
    packed = linear(tokens, block.attn.qkv.weight, block.attn.qkv.bias)
    queries, keys, values = packed.view(height, width, 3, HEADS, channels // HEADS).unbind(2)
    answer = torch.empty_like(tokens)
    for y in range(height):
        for x in range(width):
            scores, near = [], []
            for other_y, other_x, down, right, across in window_mates(block.shift, (y, x), (height, width)):
                score = (queries[y, x] * keys[other_y, other_x]).sum(-1) / (channels / HEADS) ** 0.5
                row = (down + WINDOW - 1) * (2 * WINDOW - 1) + right + WINDOW - 1
                scores.append(score + block.attn.bias_table[row] - 100 * across)
                near.append(values[other_y, other_x])
            shares = torch.stack(scores).softmax(0).unsqueeze(-1)  # (mates, heads, 1)
            answer[y, x] = (shares * torch.stack(near)).sum(0).flatten()
    return linear(answer, block.attn.proj.weight, block.attn.proj.bias)


def window_mates(
    shift: int, place: tuple[int, int], size: tuple[int, int]
) -> list[tuple[int, int, int, int, bool]]:
    """Place of each token in the same window, its offset (query - key) and whether a border lies between."""
    rolled = [(axis - shift) % length for axis, length in zip(place, size, strict=True)]
    corner = [axis // WINDOW * WINDOW for axis in rolled]
    mates = []
    for down in range(WINDOW):
        for right in range(WINDOW):
            mate = (corner[0] + down, corner[1] + right)
            source = [(axis + shift) % length for axis, length in zip(mate, size, strict=True)]
            wraps = [
                (mine + shift >= length) != (other + shift >= length)
                for mine, other, length in zip(rolled, mate, size, strict=True)
            ]
            mates.append((*source, rolled[0] - mate[0], rolled[1] - mate[1], any(wraps)))
    return mates


def run_slowly(trunk: SwinTrunk, picture: Tensor) -> Tensor:
    """The whole trunk on one picture (c, h, w)."""
    for stage in trunk:
        tokens = picture.movedim(0, -1)
        for block in stage.blocks:
            first = layer_norm(tokens, (CHANNELS,), block.norm1.weight, block.norm1.bias, 1e-5)
            tokens = tokens + attend_slowly(block, first)
            second = layer_norm(tokens, (CHANNELS,), block.norm2.weight, block.norm2.bias, 1e-5)
            tokens = tokens + block.mlp.fc2(gelu(block.mlp.fc1(second)))
        picture = picture + stage.conv(tokens.movedim(-1, 0).unsqueeze(0))[0]
    return picture


@pytest.mark.parametrize("size", [(4, 4), (8, 12)])
@torch.no_grad()
def test_trunk_equals_attention_written_out(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    trunk = SwinTrunk(CHANNELS, groups=1, blocks=2, heads=HEADS, window=WINDOW, mlp_ratio=2).double()
    for stage in trunk:
        for block in stage.blocks:
            block.attn.bias_table.normal_()
    features = torch.randn(2, CHANNELS, *size, dtype=torch.float64)
    expected = torch.stack([run_slowly(trunk, picture) for picture in features])
    torch.testing.assert_close(trunk(features), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("shape", [(1, 6, 64), (2, 3, 16, 64), (64,)])
def test_linear_layers_of_tokens_equal_those_of_pytorch(shape: tuple[int, ...]) -> None:
    layer = TokenLinear(64, 48)
    tokens = torch.randn(*shape[:-1], 2 * shape[-1])[..., ::2]  # not contiguous
    expected = linear(tokens, layer.weight, layer.bias)
    with torch.inference_mode():
        found = layer(tokens)
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, atol=1e-5)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        assert layer(tokens).dtype == torch.bfloat16


def test_published_trunk_has_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        trunk = SwinTrunk()
    assert sum(parameter.numel() for parameter in trunk.parameters()) == 21_357_760
    assert not list(trunk.buffers())


def test_parameters_carry_the_documented_names() -> None:
    names = set(dict(SwinTrunk(8, groups=2, blocks=1, heads=2, window=2).named_parameters()))
    layers = ("norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2")
    expected = {
        f"{group}.blocks.0.{layer}.{kind}"
        for group in (0, 1)
        for layer in layers
        for kind in ("weight", "bias")
    }
    expected |= {f"{group}.conv.{kind}" for group in (0, 1) for kind in ("weight", "bias")}
    expected |= {f"{group}.blocks.0.attn.bias_table" for group in (0, 1)}
    assert names == expected


def test_gradient_reaches_every_parameter() -> None:
    trunk = SwinTrunk(8, groups=1, blocks=2, heads=2, window=4)
    trunk(torch.randn(2, 8, 8, 8)).square().sum().backward()
    for name, parameter in trunk.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_channels_last_gives_the_same_numbers() -> None:
    trunk = SwinTrunk(8, groups=1, blocks=2, heads=2, window=4)
    features = torch.randn(2, 8, 8, 12)
    torch.testing.assert_close(trunk(features.contiguous(memory_format=torch.channels_last)), trunk(features))


def test_half_precision_follows_full_precision() -> None:
    trunk = SwinTrunk(8, groups=1, blocks=2, heads=2, window=4)
    features = torch.randn(1, 8, 8, 8)
    with torch.autocast("cpu", torch.bfloat16):
        coarse = trunk(features)
    torch.testing.assert_close(coarse, trunk(features), rtol=5e-2, atol=5e-2)


def test_sides_that_do_not_divide_into_windows_are_refused() -> None:
    with pytest.raises(ValueError, match="8x10 features are not multiples of 4"):
        SwinTrunk(8, groups=1, blocks=1, heads=2, window=4)(torch.zeros(1, 8, 8, 10))


def test_windows_are_cut_in_reading_order_and_joined_again() -> None:
    tokens = torch.arange(4 * 6).view(1, 4, 6, 1)
    windows = cut_windows(tokens, 2)
    assert windows[0, 1, :, 0].tolist() == [2, 3, 8, 9]
    assert torch.equal(join_windows(windows, 4, 6), tokens)


def test_offsets_are_query_minus_key() -> None:
    offsets = window_offsets(8, torch.device("cpu"))
    assert offsets[0, 0] == 7 * 15 + 7
    assert offsets[0, 63] == 0
    assert offsets[8, 0] == 8 * 15 + 7
    assert offsets[0, 1] == 7 * 15 + 6


def test_only_windows_at_the_far_borders_are_masked() -> None:
    masks = shift_mask(12, 8, 4, torch.device("cpu"))
    assert masks.shape == (6, 16, 16)
    assert [bool(mask.any()) for mask in masks] == [False, True, False, True, True, True]
    assert set(masks.unique().tolist()) == {-100.0, 0.0}
