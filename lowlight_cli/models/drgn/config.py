"""Settings of DRGN and LW-DRGN; torch-free. What the paper leaves open is a setting: docs/models/drgn.md."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt


class MultiResolutionConfig(BaseModel):
    """Shape of the multi-resolution fusion network of DRGN; the defaults fit both published numbers.

    Args:
        kind: Tag of this network in the settings.
        channels: Channels everywhere.
        blocks: Blocks of the residual group of each layer, finest first.
        depth: Attention blocks in a block.
        reduction: Divisor of the channels inside channel attention.
        bias: Whether every convolution has a bias; else only the last one has.
        activation: ``prelu`` has a slope for every channel.
        merge: How features of the finer layer join those of a layer: by a 3x3 or a 1x1 convolution of both,
            or as their sum.
        ascent: ``separate`` enlarges each layer on its own; ``cascade`` fuses the coarsest with the next.
        pyramid: Blur kernel before every second pixel is dropped.
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
    """Shape of the single-branch network of LW-DRGN; the layout is ours, the counts are the published ones.

    Args:
        kind: Tag of this network in the settings.
        channels: Channels everywhere.
        modules: Modules at half resolution; one more is at full resolution.
        depth: Attention blocks in a module.
        reduction: Divisor of the channels inside channel attention.
        bias: Whether every convolution has a bias; else only the last one has.
        activation: ``prelu`` has a slope for every channel.
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
        value_range: Range of the generators' numbers: ``signed`` is [-1, 1], ``unit`` is [0, 1].
        refinement: Whether the second generator returns the image or a residual to add.
        lift_target: Mean luma that images are lifted to before the degradation is subtracted; our addition,
            None as in the published network.
        lift: ``local`` gains follow the brightness around each pixel and keep well-lit parts as they are;
            ``global`` is one gain from the mean of the image.
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
