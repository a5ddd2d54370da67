"""Settings of VQCNIR; torch-free."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

from lowlight_cli.models.vqgan.config import PRESETS as VQGAN_PRESETS
from lowlight_cli.models.vqgan.config import VqganConfig

PUBLISHED_PRIOR = VqganConfig(
    encoder_channels=(128, 256, 256),
    encoder_blocks=(2, 2, 2),
    decoder_channels=(256, 128, 64),
    decoder_blocks=(2, 2, 2),
)
"""The network of the HQ phase, with a latent at 1/8 of the size (12,176,707 parameters)."""


class VqcnirConfig(BaseModel):
    """Shape of VQCNIR; the defaults are the published network (47,854,222 parameters).

    Args:
        vqgan: Network of the HQ phase that gives the codebook and the decoder.
        blocks: Blocks that raise the illumination of the coarsest features.
        splits: Parts of the channels, each brightened by curves computed from the other parts.
        curve_steps: Number of times that a brightening curve is applied.
        head_width: Channels of a head of the attention between both decoders.
        warp_groups: Groups of channels with separate offsets, coarsest level first.
        warp_kernel: Side of the kernels that compute offsets.
        reach: Longest offset in positions of its level: one for all levels, or one for each, coarsest first.
            None for no limit, as in the published network.
        dbca: Whether the decoders exchange features by attention, and the second one aligns its own with
            those of the first; without, it only takes these as additional channels, for comparison.
        skips: Whether the second decoder also takes the finer features of the encoder and the image itself;
            in the published network it takes only the coarsest features.
        lift_target: Mean luma that the input is lifted to before the encoder; None as in the published
            network.
        lift: ``local`` gains follow the brightness around each pixel and keep well-lit parts as they are;
            ``global`` is one gain from the mean of the image.
        code_softness: How far codes are mixed by their distance after training, in shares of the variance of
            the codes (``layers/codebook.py``); 0 takes the nearest code, as published.
        padding: ``official`` mirrors up to the next larger multiple of 64; ``min8`` pads to a multiple of 8,
            which is cheaper.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    vqgan: VqganConfig = PUBLISHED_PRIOR
    blocks: PositiveInt = 12
    splits: PositiveInt = 4
    curve_steps: PositiveInt = 3
    head_width: PositiveInt = 64
    warp_groups: tuple[PositiveInt, ...] = (4, 4, 4, 4)
    warp_kernel: Literal[1, 3] = 3
    reach: PositiveFloat | tuple[PositiveFloat, ...] | None = None
    dbca: bool = True
    skips: bool = False
    lift_target: PositiveFloat | None = None
    lift: Literal["global", "local"] = "local"
    code_softness: float = Field(default=0.0, ge=0)
    padding: Literal["official", "min8"] = "official"

    @model_validator(mode="after")
    def _a_warp_for_each_level(self) -> "VqcnirConfig":
        if len(self.warp_groups) != len(self.level_channels):
            raise ValueError(f"one warp_groups entry per level is needed: {len(self.level_channels)}")
        if isinstance(self.reach, tuple) and len(self.reach) != len(self.level_channels):
            raise ValueError(f"one reach per level is needed, or one for all: {len(self.level_channels)}")
        return self

    @property
    def level_channels(self) -> tuple[int, ...]:
        """Channels of each level of the decoders, coarsest first."""
        return (self.vqgan.latent_channels, *self.vqgan.decoder_channels)

    def reach_of(self, index: int) -> float | None:
        """Longest offset at a level; None for no limit."""
        return self.reach[index] if isinstance(self.reach, tuple) else self.reach


PRESETS: dict[str, VqcnirConfig] = {
    "paper": VqcnirConfig(),
    "lite": VqcnirConfig(
        vqgan=VQGAN_PRESETS["lite"],
        blocks=3,
        head_width=16,
        warp_groups=(4, 2, 1, 1),
        warp_kernel=1,
        reach=(6.0, 8.0, 12.0, 16.0),
        skips=True,
        lift_target=0.4,
        code_softness=0.02,
        padding="min8",
    ),
}
