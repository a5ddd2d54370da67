"""Encoder of stage I; stage II initializes its low-light encoder from it."""

from torch import nn

from lowlight_cli.models.vqgan.blocks import middle, normed_head, residual_row
from lowlight_cli.models.vqgan.config import VqganConfig
from lowlight_cli.tensors import Features


class EncoderStage(nn.Module):
    """Halves the size and changes the channels, then applies residual blocks."""

    def __init__(
        self, channels_in: int, channels_out: int, blocks: int, config: VqganConfig, *, attends: bool = False
    ) -> None:
        super().__init__()
        if config.layout == "taming":
            # Padding at the right and bottom only, so that even sides are halved exactly.
            shrink = nn.Conv2d(channels_in, channels_in, 3, stride=2)
            self.down: nn.Module = nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), shrink)
            self.res = residual_row(channels_in, channels_out, blocks, config, attends=attends)
        else:
            self.down = nn.Conv2d(channels_in, channels_out, 3, stride=2, padding=1)
            self.res = residual_row(channels_out, channels_out, blocks, config)

    def forward(self, features: Features) -> Features:
        """Features at half the size."""
        return self.res(self.down(features))


class Encoder(nn.Module):
    """Computes features of an image at each scale.

    The 4x4 stem with padding 1 of the plain layout shrinks the sides by one; the first halving maps an even
    side minus one to half the side, as the published weights expect.

    Args:
        config: Shape of the network.
        extra_channels: Input planes besides red, green and blue.
    """

    def __init__(self, config: VqganConfig, *, extra_channels: int = 0) -> None:
        super().__init__()
        is_taming = config.layout == "taming"
        self.stem = nn.Conv2d(3 + extra_channels, config.stem_channels, 3 if is_taming else 4, padding=1)
        widths = (config.stem_channels, *config.encoder_channels)
        last = len(config.encoder_channels) - 1
        self.stages = nn.ModuleList(
            EncoderStage(a, b, n, config, attends=index == last)
            for index, (a, b, n) in enumerate(zip(widths, widths[1:], config.encoder_blocks, strict=False))
        )
        self.full = self.end = None
        if is_taming:
            self.full = residual_row(widths[0], widths[0], config.stem_blocks, config)
            self.end = nn.Sequential(
                middle(widths[-1], config), normed_head(widths[-1], config.bottleneck, config)
            )

    def forward(self, images: Features) -> list[Features]:
        """Features at each scale, finest first.

        In the plain layout (b, encoder_channels[i], h / 2^(i+1), w / 2^(i+1)). The taming layout begins with
        features at full resolution, and its last features have ``bottleneck`` channels.
        """
        features = self.stem(images)
        pyramid = []
        if self.full is not None:
            features = self.full(features)
            pyramid.append(features)
        for stage in self.stages:
            features = stage(features)
            pyramid.append(features)
        if self.end is not None:
            pyramid[-1] = self.end(features)
        return pyramid
