"""Blocks of encoders and decoders: rows of residual blocks, and attention over positions."""

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from lowlight_cli.layers.residual import ResidualBlock, activation, normalization
from lowlight_cli.models.vqgan.config import VqganConfig
from lowlight_cli.tensors import Features


def residual_row(
    channels_in: int, channels_out: int, count: int, config: VqganConfig, *, attends: bool = False
) -> nn.Sequential:
    """Residual blocks, the first of which changes the channels.

    Args:
        channels_in: Channels of the input.
        channels_out: Channels of the output.
        count: Number of blocks.
        config: Gives normalization and activation.
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


QUERIES_PER_CHUNK = 2048
"""Bounds memory on devices without a memory-efficient attention kernel."""


class PositionAttention(nn.Module):
    """Attention with one head over all positions, after a group norm, without position encoding.

    Args:
        channels: Channels of the features.
        groups: Groups of the normalization; 0 for none.
    """

    def __init__(self, channels: int, *, groups: int = 32) -> None:
        super().__init__()
        self.norm = normalization(channels, groups)
        self.query = nn.Conv2d(channels, channels, 1)
        self.key = nn.Conv2d(channels, channels, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, features: Features) -> Features:
        """Features of the same shape."""
        normed = self.norm(features)
        parts = (part(normed).flatten(2).mT.unsqueeze(1) for part in (self.query, self.key, self.value))
        queries, keys, values = parts  # each (b, 1, h*w, c)
        pieces = queries.split(QUERIES_PER_CHUNK, dim=2)
        mixed = torch.cat([scaled_dot_product_attention(piece, keys, values) for piece in pieces], dim=2)
        return features + self.out(mixed.squeeze(1).mT.reshape(features.shape))
