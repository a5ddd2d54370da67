"""Encoder of stage I, which stage II starts its low-light encoder from."""

from torch import nn

from lowlight_cli.layers.residual import ResidualBlock
from lowlight_cli.models.vqgan.config import VqganConfig
from lowlight_cli.tensors import Features


class EncoderStage(nn.Module):
    """Halves the size and changes the channels, then residual blocks."""

    def __init__(self, channels_in: int, channels_out: int, blocks: int, config: VqganConfig) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels_in, channels_out, 3, stride=2, padding=1)
        self.res = nn.Sequential(
            *(
                ResidualBlock(channels_out, channels_out, groups=config.groups, act=config.act)
                for _ in range(blocks)
            )
        )

    def forward(self, features: Features) -> Features:
        """Features at half the size."""
        return self.res(self.down(features))


class Encoder(nn.Module):
    """Picture to features at each scale.

    The 4x4 stem with padding 1 shrinks the sides by one; the first halving maps an even side minus one to
    half the side, as the published weights expect.

    Args:
        config: Shape of the network.
        extra_channels: Input planes beside red, green and blue.
    """

    def __init__(self, config: VqganConfig, *, extra_channels: int = 0) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3 + extra_channels, config.stem_channels, 4, padding=1)
        widths = (config.stem_channels, *config.encoder_channels)
        self.stages = nn.ModuleList(
            EncoderStage(a, b, n, config)
            for a, b, n in zip(widths, widths[1:], config.encoder_blocks, strict=False)
        )

    def forward(self, images: Features) -> list[Features]:
        """Features after each halving, finest first; (b, encoder_channels[i], h / 2^(i+1), w / 2^(i+1))."""
        features = self.stem(images)
        pyramid = []
        for stage in self.stages:
            features = stage(features)
            pyramid.append(features)
        return pyramid
