"""Settings of the stage I network; torch-free."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator


class VqganConfig(BaseModel):
    """Shape of the VQGAN; the defaults are the published network (6,271,811 parameters).

    Args:
        stem_channels: Channels at full resolution.
        encoder_channels: Channels after each halving.
        encoder_blocks: Residual blocks after each halving.
        code_count: Number of codes.
        code_channels: Length of a code.
        decoder_channels: Channels after each doubling, from the latent up to full resolution.
        decoder_blocks: Residual blocks after each doubling.
        groups: Groups of the normalisation; 0 for none.
        act: Activation of the residual blocks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stem_channels: int = 64
    encoder_channels: tuple[int, ...] = (128, 256)
    encoder_blocks: tuple[int, ...] = (2, 2)
    code_count: int = 1024
    code_channels: int = 512
    decoder_channels: tuple[int, ...] = (128, 64)
    decoder_blocks: tuple[int, ...] = (2, 2)
    groups: int = 32
    act: Literal["silu", "leaky"] = "silu"

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
        """Channels of the last encoder stage."""
        return self.encoder_channels[-1]

    @property
    def downscale(self) -> int:
        """Picture pixels per latent position, along a side."""
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
