"""Settings of DRGN and LW-DRGN; torch-free. Each open choice of the paper is one: docs/models/drgn.md."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt


class MultiResolutionConfig(BaseModel):
    """Shape of the multi-resolution fusion network of DRGN; the defaults fit both published numbers.

    Args:
        kind: Which network these settings are of.
        channels: Channels everywhere.
        blocks: Blocks of the residual group of each layer, finest first.
        depth: Attention blocks in a block.
        reduction: How many times narrower channel attention is inside.
        bias: Whether every convolution has a bias; else only the last one.
        activation: ``prelu`` has a slope of its own for every channel.
        merge: How features of the finer layer join those of a layer: by a 3x3 or a 1x1 convolution of both,
            or as their sum.
        ascent: ``separate`` brings each layer up by itself; ``cascade`` fuses the coarsest with the next.
        pyramid: Kernel before every second pixel is taken.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["multi_resolution"] = "multi_resolution"
    channels: PositiveInt = 64
    blocks: tuple[PositiveInt, PositiveInt, PositiveInt] = (2, 3, 4)
    depth: PositiveInt = 3
    reduction: PositiveInt = 16
    bias: bool = False
    activation: Literal["prelu", "relu", "leaky"] = "prelu"
    merge: Literal["conv3", "conv1", "sum"] = "conv3"
    ascent: Literal["separate", "cascade"] = "separate"
    pyramid: Literal["binomial", "box"] = "binomial"


class SingleBranchConfig(BaseModel):
    """Shape of the single-branch network of LW-DRGN; the layout is ours, its counts those published.

    Args:
        kind: Which network these settings are of.
        channels: Channels everywhere.
        modules: Modules at half resolution; one more is at full resolution.
        depth: Attention blocks in a module.
        reduction: How many times narrower channel attention is inside.
        bias: Whether every convolution has a bias; else only the last one.
        activation: ``prelu`` has a slope of its own for every channel.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["single_branch"] = "single_branch"
    channels: PositiveInt = 32
    modules: PositiveInt = 4
    depth: PositiveInt = 3
    reduction: PositiveInt = 4
    bias: bool = False
    activation: Literal["prelu", "relu", "leaky"] = "prelu"


Generator = Annotated[MultiResolutionConfig | SingleBranchConfig, Field(discriminator="kind")]


class DrgnConfig(BaseModel):
    """Two generators of one shape: one for the degradation, one for the refinement.

    Args:
        generator: Shape of both.
        value_range: Numbers the generators see: ``signed`` is [-1, 1], ``unit`` is [0, 1].
        refinement: Whether the second generator gives the picture itself or what is to be added.
        lift_target: Mean luma that pictures are lifted towards before the degradation is taken away; our own
            addition, absent in the published network.
        lift: ``local`` gains follow the light of the surroundings, and what needed no light is kept as it
            was; ``global`` gains follow the mean of the picture alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    generator: Generator = MultiResolutionConfig()
    value_range: Literal["signed", "unit"] = "signed"
    refinement: Literal["direct", "residual"] = "direct"
    lift_target: float | None = Field(default=None, gt=0, lt=1)
    lift: Literal["global", "local"] = "local"


DRGN_PRESETS = {
    "paper": DrgnConfig(),
    "lite": DrgnConfig(lift_target=0.4, refinement="residual"),
}
"""``lite`` is the same network, and refines lifted images.

Its residual makes training short: at the first step the network returns its input.
"""

LIGHT_DRGN_PRESETS = {
    "paper": DrgnConfig(generator=SingleBranchConfig()),
    "lite": DrgnConfig(generator=SingleBranchConfig(), lift_target=0.4),
}

PRESETS = {"drgn": DRGN_PRESETS, "lw-drgn": LIGHT_DRGN_PRESETS}
"""Settings by model, then by preset."""
