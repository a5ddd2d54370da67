"""The decoder of the input image, which runs beside the decoder of the codes.

Source: Zou et al., "VQCNIR", AAAI 2024; the layout of the levels is that of the published network:
docs/models/vqcnir.md.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import interpolate

from lowlight_cli.layers.residual import ResidualBlock
from lowlight_cli.models.interface import Observation
from lowlight_cli.models.vqcnir.bidirectional_attention import (
    AttentionMap,
    BidirectionalAttention,
    Exchanged,
)
from lowlight_cli.models.vqcnir.config import VqcnirConfig
from lowlight_cli.models.vqcnir.warping import Warp, Warped
from lowlight_cli.tensors import Features


class Decoded(NamedTuple):
    """Features of a level, its guide for the next one, and the attention map used; None without DBCA."""

    features: Features
    guide: Features | None
    attention: AttentionMap | None


class Level(nn.Module):
    """Attention and warp at one size (DBCA); finer levels first enlarge, and end with a residual block.

    Without DBCA, that block takes the features of the other decoder in place of the warped ones.

    Args:
        index: Number of the level, 0 for the coarsest.
        config: Shape of the network.
        skip_channels: Channels of the skip connection at this level; 0 for none.
    """

    def __init__(self, index: int, config: VqcnirConfig, skip_channels: int) -> None:
        super().__init__()
        channels = config.level_channels[index]
        coarser = config.level_channels[index - 1] if index else 0
        self.attn = BidirectionalAttention(channels, config.head_width) if config.dbca else None
        self.warp = Warp(index, config) if config.dbca else None
        self.up = nn.Conv2d(coarser, channels, 3, padding=1) if index else None
        self.skip = nn.Conv2d(skip_channels, channels, 3, padding=1) if skip_channels else None
        self.fuse = (
            ResidualBlock(2 * channels, channels, groups=config.vqgan.groups, act=config.vqgan.act)
            if index
            else None
        )

    def forward(
        self,
        own: Features,
        prior: Features,
        seen: Features | None,
        guide: Features | None,
        attention: AttentionMap | None,
    ) -> Decoded:
        """One step of the decoder.

        Args:
            own: Features of this decoder at the coarser level.
            prior: Features of the other decoder at this level.
            seen: Features of the skip connection.
            guide: Guide of the coarser level.
            attention: Map of the whole image; None if the features are those of whole images.
        """
        if self.up is not None:
            own = self.up(interpolate(own, scale_factor=2, mode="nearest"))
        if self.skip is not None and seen is not None:
            own = own + self.skip(seen)
        if self.attn is None or self.warp is None:
            return Decoded(own if self.fuse is None else self._fused(own, prior), None, None)
        exchanged: Exchanged = self.attn(own, prior, attention)
        warped: Warped = self.warp(exchanged.own, exchanged.prior, guide)
        return Decoded(self._fused(exchanged.own, warped.features), warped.guide, exchanged.attention)

    def _fused(self, own: Features, other: Features) -> Features:
        """The other features at the coarsest level, otherwise both fused."""
        return other if self.fuse is None else self.fuse(torch.cat([own, other], dim=1))


class FaithfulDecoder(nn.Module):
    """Decodes the coarsest features, and attends to the features of the decoder of the codes.

    Args:
        config: Shape of the network.
        seen_channels: Channels of the skip connection at each level, coarsest first; 0 for none.
    """

    def __init__(self, config: VqcnirConfig, seen_channels: Sequence[int]) -> None:
        super().__init__()
        self.levels = nn.ModuleList(Level(index, config, seen) for index, seen in enumerate(seen_channels))

    def forward(
        self, latent: Features, prior: Sequence[Features], seen: Sequence[Features | None], known: Observation
    ) -> Features:
        """Features at full size.

        Args:
            latent: Features of the coarsest level before the codes.
            prior: Features of the other decoder at each level, coarsest first.
            seen: Features of the skip connection at each level.
            known: Facts of the whole image; missing ones are measured and added.
        """
        features, guide = latent, None
        for index, level in enumerate(self.levels):
            name = f"attention_{index}"
            features, guide, attention = level(features, prior[index], seen[index], guide, known.get(name))
            if attention is not None:
                known[name] = attention
        return features
