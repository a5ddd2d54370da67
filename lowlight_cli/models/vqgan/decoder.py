"""Decoder of stage I; frozen in stage II."""

from torch import nn
from torch.nn.functional import interpolate

from lowlight_cli.models.vqgan.blocks import middle, normed_head, residual_row
from lowlight_cli.models.vqgan.config import VqganConfig
from lowlight_cli.tensors import Features, Images


class DecoderStage(nn.Module):
    """Doubles the size and changes the channels, then applies residual blocks."""

    def __init__(self, channels_in: int, channels_out: int, blocks: int, config: VqganConfig) -> None:
        super().__init__()
        is_taming = config.layout == "taming"
        between = channels_in if is_taming else channels_out
        self.conv = nn.Conv2d(channels_in, between, 3, padding=1)
        self.res = residual_row(between, channels_out, blocks, config)

    def forward(self, features: Features) -> Features:
        """Features at twice the size."""
        return self.res(self.conv(interpolate(features, scale_factor=2, mode="nearest")))


class Decoder(nn.Module):
    """Decodes features to an image: ``begin``, then the stages, then ``to_rgb``."""

    def __init__(self, config: VqganConfig) -> None:
        super().__init__()
        first = config.encoder_channels[-1]
        widths = (first, *config.decoder_channels)
        self.begin: nn.Module = nn.Identity()
        self.stages = nn.ModuleList(
            DecoderStage(a, b, n, config)
            for a, b, n in zip(widths, widths[1:], config.decoder_blocks, strict=False)
        )
        self.to_rgb: nn.Module = nn.Conv2d(widths[-1], 3, 3, padding=1)
        if config.layout == "taming":
            self.begin = nn.Sequential(
                nn.Conv2d(config.bottleneck, first, 3, padding=1),
                middle(first, config),
                residual_row(first, first, config.latent_blocks, config, attends=True),
            )
            self.to_rgb = normed_head(widths[-1], 3, config)

    def forward(self, features: Features) -> Images:
        """Image of ``downscale`` times the size, not clamped."""
        features = self.begin(features)
        for stage in self.stages:
            features = stage(features)
        return self.to_rgb(features)
