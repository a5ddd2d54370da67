"""Settings of the stage I network; torch-free."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt, model_validator


class VqganConfig(BaseModel):
    """Shape of the VQGAN; the defaults are the published network of CodeEnhance (6,271,811 parameters).

    Args:
        layout: ``plain``, where the convolution that halves or doubles the size changes the channels; or
            ``taming``, with blocks at full resolution, attention at the coarsest level, and a bottleneck
            between encoder and decoder.
        stem_channels: Channels at full resolution.
        encoder_channels: Channels after each halving.
        encoder_blocks: Residual blocks after each halving.
        code_count: Number of codes.
        code_channels: Length of a code.
        decoder_channels: Channels after each doubling, from the latent up to full resolution.
        decoder_blocks: Residual blocks after each doubling.
        groups: Groups of the normalization; 0 for none.
        act: Activation of the residual blocks.
        stem_blocks: Residual blocks at full resolution; taming layout only.
        latent_blocks: Residual blocks of the decoder before the first doubling; taming layout only.
        bottleneck: Channels between encoder and decoder; taming layout only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layout: Literal["plain", "taming"] = "plain"
    stem_channels: PositiveInt = 64
    encoder_channels: tuple[PositiveInt, ...] = (128, 256)
    encoder_blocks: tuple[NonNegativeInt, ...] = (2, 2)
    code_count: PositiveInt = 1024
    code_channels: PositiveInt = 512
    decoder_channels: tuple[PositiveInt, ...] = (128, 64)
    decoder_blocks: tuple[NonNegativeInt, ...] = (2, 2)
    groups: NonNegativeInt = 32
    act: Literal["silu", "leaky"] = "silu"
    stem_blocks: NonNegativeInt = 2
    latent_blocks: NonNegativeInt = 3
    bottleneck: PositiveInt = 3

    @model_validator(mode="after")
    def _as_many_up_as_down(self) -> "VqganConfig":
        lengths = {
            len(self.encoder_channels),
            len(self.encoder_blocks),
            len(self.decoder_channels),
            len(self.decoder_blocks),
        }
        if len(lengths) != 1:
            raise ValueError("encoder and decoder need the same number of stages")
        return self

    @property
    def latent_channels(self) -> int:
        """Channels between the encoder and the decoder."""
        return self.bottleneck if self.layout == "taming" else self.encoder_channels[-1]

    @property
    def downscale(self) -> int:
        """Image pixels per latent position, along a side."""
        return 2 ** len(self.encoder_channels)


PRESETS: dict[str, VqganConfig] = {
    "paper": VqganConfig(),
    "lite": VqganConfig(
        stem_channels=16,
        encoder_channels=(32, 48, 96),
        encoder_blocks=(1, 1, 2),
        code_count=1024,
        code_channels=64,
        decoder_channels=(48, 32, 16),
        decoder_blocks=(1, 1, 0),
        groups=0,
        act="leaky",
    ),
}
