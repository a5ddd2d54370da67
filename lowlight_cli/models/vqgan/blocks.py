"""Rows of residual blocks that encoders and decoders are made of."""

from torch import nn

from lowlight_cli.layers.attention import PositionAttention
from lowlight_cli.layers.residual import ResidualBlock, activation, normalization
from lowlight_cli.models.vqgan.config import VqganConfig


def residual_row(
    channels_in: int, channels_out: int, count: int, config: VqganConfig, *, attends: bool = False
) -> nn.Sequential:
    """Residual blocks, the first of which changes the channels.

    Args:
        channels_in: Channels of the input.
        channels_out: Channels of the output.
        count: Number of blocks.
        config: Gives normalisation and activation.
        attends: Whether attention follows each block.
    """
    row: list[nn.Module] = []
    for index in range(count):
        before = channels_in if index == 0 else channels_out
        row.append(ResidualBlock(before, channels_out, groups=config.groups, act=config.act))
        if attends:
            row.append(PositionAttention(channels_out, groups=config.groups))
    return nn.Sequential(*row)


def middle(channels: int, config: VqganConfig) -> nn.Sequential:
    """A residual block, attention, and a residual block."""
    return nn.Sequential(
        *residual_row(channels, channels, 1, config, attends=True),
        *residual_row(channels, channels, 1, config),
    )


def normed_head(channels_in: int, channels_out: int, config: VqganConfig) -> nn.Sequential:
    """Norm, activation and a convolution."""
    return nn.Sequential(
        normalization(channels_in, config.groups),
        activation(config.act),
        nn.Conv2d(channels_in, channels_out, 3, padding=1),
    )
