"""Decoder of stage I; frozen in stage II."""

from torch import nn
from torch.nn.functional import interpolate

from lowlight_cli.layers.residual import ResidualBlock
from lowlight_cli.models.vqgan.config import VqganConfig
from lowlight_cli.tensors import Features, Images


class DecoderStage(nn.Module):
    """Doubles the size and changes the channels, then residual blocks."""

    def __init__(self, channels_in: int, channels_out: int, blocks: int, config: VqganConfig) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.res = nn.Sequential(
            *(
                ResidualBlock(channels_out, channels_out, groups=config.groups, act=config.act)
                for _ in range(blocks)
            )
        )

    def forward(self, features: Features) -> Features:
        """Features at twice the size."""
        return self.res(self.conv(interpolate(features, scale_factor=2, mode="nearest")))


class Decoder(nn.Module):
    """Features after the codebook to a picture."""

    def __init__(self, config: VqganConfig) -> None:
        super().__init__()
        widths = (config.latent_channels, *config.decoder_channels)
        self.stages = nn.ModuleList(
            DecoderStage(a, b, n, config)
            for a, b, n in zip(widths, widths[1:], config.decoder_blocks, strict=False)
        )
        self.to_rgb = nn.Conv2d(config.decoder_channels[-1], 3, 3, padding=1)

    def forward(self, features: Features) -> Images:
        """Picture of ``downscale`` times the size, not clamped."""
        for stage in self.stages:
            features = stage(features)
        return self.to_rgb(features)
