"""DRGN and LW-DRGN: published counts, their equations, and what tiles may count on."""

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d

from lowlight_cli.device import FP32
from lowlight_cli.images.tiling import Tile
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.cost import count_operations, count_parameters
from lowlight_cli.models.drgn.channel_attention import AttentionBlock, ChannelWeights
from lowlight_cli.models.drgn.config import (
    PRESETS,
    DrgnConfig,
    MultiResolutionConfig,
    SingleBranchConfig,
)
from lowlight_cli.models.drgn.model import Drgn
from lowlight_cli.models.drgn.multi_resolution_fusion import Halving
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.observations import placed

NARROW = MultiResolutionConfig(channels=6, blocks=(1, 1, 1), depth=1, reduction=2)
NARROW_BRANCH = SingleBranchConfig(channels=6, modules=2, depth=1, reduction=2)
SHAPES = [NARROW, NARROW_BRANCH]


def shape_only(config: DrgnConfig) -> Drgn:
    with torch.device("meta"):
        return Drgn(config)


# Counts. Alternatives are those of the specification, whose figures are rounded to three digits.


@pytest.mark.parametrize(("name", "pair"), [("drgn", 4_772_958), ("lw-drgn", 661_302)])
def test_parameters_are_the_published_ones(name: str, pair: int) -> None:
    model = shape_only(PRESETS[name]["paper"])
    assert count_parameters(model) == pair
    assert count_parameters(model.degradation) == count_parameters(model.refinement) == pair // 2


@pytest.mark.parametrize(("name", "billions"), [("drgn", 110.59), ("lw-drgn", 18.34)])
def test_one_generator_costs_the_published_multiplications(name: str, billions: float) -> None:
    model = shape_only(PRESETS[name]["paper"]).to_empty(device="cpu")
    assert count_operations(model, 384, 384) / 4e9 == pytest.approx(billions, abs=0.005)


@pytest.mark.parametrize(
    ("choice", "millions"),
    [
        ({"merge": "conv1"}, 4.512),
        ({"merge": "sum"}, 4.479),
        ({"ascent": "cascade"}, 4.700),
        ({"bias": True}, 4.786),
        ({"reduction": 4}, 4.857),
    ],
)
def test_other_readings_of_the_paper_have_other_counts(choice: dict[str, object], millions: float) -> None:
    model = shape_only(DrgnConfig(generator=MultiResolutionConfig(**choice)))
    assert count_parameters(model) / 1e6 == pytest.approx(millions, abs=0.002)


@pytest.mark.parametrize(("channels", "reduction", "count"), [(64, 16, 74_308), (32, 4, 18_984)])
def test_a_block_has_the_published_size(channels: int, reduction: int, count: int) -> None:
    assert count_parameters(AttentionBlock(channels, reduction, bias=False, act="prelu")) == count


def test_blocks_are_spread_over_the_layers_as_published() -> None:
    groups = shape_only(PRESETS["drgn"]["paper"]).refinement.groups
    assert [sum(isinstance(m, AttentionBlock) for m in group.modules()) for group in groups] == [6, 9, 12]


# Equations


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.kind)
def test_degradation_and_rest_make_up_the_picture(shape) -> None:
    model = Drgn(DrgnConfig(generator=shape))
    images = torch.rand(2, 3, 16, 24)
    signal = 2 * images - 1
    degradation, rest = model.separate(images, {})
    torch.testing.assert_close(degradation, model.degradation(signal, ChannelWeights()))
    torch.testing.assert_close(degradation + rest, signal)
    made = model.refinement(signal - degradation, ChannelWeights())
    torch.testing.assert_close(model(images).images, (made + 1) / 2)


def test_signed_numbers_go_from_minus_one_to_one_and_back() -> None:
    images = torch.tensor([0.0, 0.5, 1.0]).view(1, 3, 1, 1)
    model = Drgn(DrgnConfig(generator=NARROW))
    assert model.to_signal(images).flatten().tolist() == [-1, 0, 1]
    torch.testing.assert_close(model.to_images(model.to_signal(images)), images)
    unit = Drgn(DrgnConfig(generator=NARROW, value_range="unit"))
    assert torch.equal(unit.to_signal(images), images)


def test_refinement_may_be_what_is_added() -> None:
    model = Drgn(DrgnConfig(generator=NARROW, refinement="residual"))
    rest = torch.rand(1, 3, 16, 16)
    torch.testing.assert_close(model.refine(rest) - rest, model.refinement(rest, ChannelWeights()))


def test_a_pyramid_layer_is_a_binomial_blur_at_every_second_pixel() -> None:
    images = torch.rand(1, 3, 12, 16)
    kernel = torch.tensor(np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256).float()
    blurred = conv2d(images, kernel.expand(3, 1, 5, 5), groups=3)
    torch.testing.assert_close(Halving("binomial")(images)[..., 1:-1, 1:-1], blurred[..., ::2, ::2])
    torch.testing.assert_close(Halving("box")(images)[0, 0, 0, 0], images[0, 0, :2, :2].mean())


def test_channel_attention_is_its_formula() -> None:
    block = AttentionBlock(8, 4, bias=False, act="relu")
    features = torch.randn(2, 8, 5, 5)
    inner = block.conv2(block.conv1(features).clamp_min(0))
    squeezed = (inner.mean((2, 3)) @ block.attention.squeeze.weight.flatten(1).T).clamp_min(0)
    expected = torch.sigmoid(squeezed @ block.attention.excite.weight.flatten(1).T)
    weights = ChannelWeights()
    torch.testing.assert_close(block(features, weights), features + inner * expected[..., None, None])
    torch.testing.assert_close(weights.taken, expected[:, None])


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.kind)
def test_every_parameter_learns(shape) -> None:
    model = Drgn(DrgnConfig(generator=shape))
    model(torch.rand(1, 3, 16, 16)).images.square().sum().backward()
    missing = [name for name, value in model.named_parameters() if value.grad is None]
    assert not missing


@pytest.mark.parametrize("merge", ["conv1", "sum"])
@pytest.mark.parametrize("ascent", ["separate", "cascade"])
def test_other_layouts_run(merge: str, ascent: str) -> None:
    shape = NARROW.model_copy(
        update={"merge": merge, "ascent": ascent, "pyramid": "box", "activation": "leaky"}
    )
    images = torch.rand(1, 3, 8, 12)
    assert Drgn(DrgnConfig(generator=shape)).enhance(images, Controls()).shape == images.shape


# Sizes and tiles


@pytest.mark.parametrize("size", [(96, 96), (40, 60), (41, 59), (1, 3)])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.kind)
def test_any_size_comes_back(shape, size: tuple[int, int]) -> None:
    forward = ModelRunner(
        Drgn(DrgnConfig(generator=shape)),
        EnhanceParams(Controls()),
        Limits(2**20),
        device=torch.device("cpu"),
        precision=FP32,
    )
    (result,) = forward([np.full((*size, 3), 20, np.uint8)])
    assert result.shape == (*size, 3)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.kind)
def test_tiles_that_know_the_whole_picture_equal_it_away_from_their_border(shape) -> None:
    model = Drgn(DrgnConfig(generator=shape, lift_target=0.4)).eval()
    dark = 0.2 * torch.rand(1, 3, 64, 128)
    dark[..., 64:] *= 0.1
    facts = model.observe(dark, Controls())
    whole = model.enhance(dark, Controls())
    known = placed(facts, Tile(0, 0, 64, 96), 64, 128)
    left = model.enhance(dark[..., :96], Controls(), observation=known)
    torch.testing.assert_close(left[..., :32], whole[..., :32], rtol=0, atol=1e-5)
    unaware = model.enhance(dark[..., :96], Controls())
    assert (unaware[..., :32] - whole[..., :32]).abs().max() > 1e-4
