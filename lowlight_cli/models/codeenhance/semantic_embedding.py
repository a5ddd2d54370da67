"""Semantic embedding of low-light features, by channel attention or by a Swin transformer.

Source: CodeEnhance, eq. 4, read as transposed (channel) attention with normalized queries and keys and a
learned temperature (Zamir et al., "Restormer", 2022, eq. 1). Its cost is linear in the number of positions,
and all tiles of an image can share its map. The Swin variant is that of the authors' code.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, interpolate, normalize, relu

from lowlight_cli.layers.swin import SwinTrunk
from lowlight_cli.tensors import Features


class Embedded(NamedTuple):
    """Low-light features with semantics mixed in, and the attention map used, (b, heads, c, c)."""

    features: Features
    attention: Tensor


class AttentionSemanticEmbedding(nn.Module):
    """Mixes semantic features into low-light features by attention between channels.

    Args:
        channels: Channels C of the low-light features.
        semantic_channels: Channels of the semantic features.
        heads: Attention heads over the 2 C channels.
    """

    def __init__(self, channels: int, semantic_channels: int, heads: int = 8) -> None:
        super().__init__()
        both = 2 * channels
        self.heads = heads
        self.proj = nn.Conv2d(semantic_channels, channels, 3, padding=1)
        self.query = nn.Conv2d(channels, both, 1)
        self.key = nn.Conv2d(both, both, 1)
        self.value = nn.Conv2d(both, both, 1)
        self.out = nn.Conv2d(both, both, 1)
        self.expand = nn.Conv2d(both, 2 * both, 1)
        self.contract = nn.Conv2d(2 * both, both, 1)
        self.reduce = nn.Conv2d(both, channels, 1)
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))

    def forward(self, features: Features, semantic: Features, attention: Tensor | None = None) -> Embedded:
        """Features of the same shape.

        Args:
            features: Low-light features (b, C, h, w).
            semantic: Semantic features of any size.
            attention: Map of the whole image, needed if ``features`` are those of a tile.
        """
        seen = self.proj(interpolate(semantic, features.shape[2:], mode="nearest"))
        both = torch.cat([seen, features], dim=1)
        if attention is None:
            attention = self._attention(self._split(self.query(seen)), self._split(self.key(both)))
        mixed = attention.to(both.dtype) @ self._split(self.value(both))  # (b, heads, c, h*w)
        both = both + self.out(mixed.reshape(both.shape))
        both = both + self.contract(gelu(self.expand(both)))
        return Embedded(self.reduce(both), attention)

    def _split(self, planes: Features) -> Tensor:
        return planes.reshape(planes.shape[0], self.heads, -1, planes.shape[2] * planes.shape[3])

    def _attention(self, query: Tensor, key: Tensor) -> Tensor:
        with torch.autocast(query.device.type, enabled=False):
            likeness = normalize(query.float(), dim=-1) @ normalize(key.float(), dim=-1).mT
            return (likeness * self.temperature).softmax(-1)


class SwinSemanticEmbedding(nn.Module):
    """Mixes semantic features into low-light features by a Swin transformer.

    Args:
        channels: Channels of input and output.
        semantic_channels: Channels of the semantic features.
        groups: Stages of the transformer.
        blocks: Blocks in a stage.
        heads: Attention heads.
        window: Side of an attention window in positions; sides of the features are multiples of it.
    """

    def __init__(
        self,
        channels: int = 256,
        semantic_channels: int = 320,
        groups: int = 4,
        blocks: int = 6,
        heads: int = 8,
        window: int = 8,
    ) -> None:
        super().__init__()
        self.proj = nn.Conv2d(semantic_channels, channels, 3, padding=1)
        self.fuse = nn.Conv2d(2 * channels, channels, 3, padding=1)
        self.trunk = SwinTrunk(channels, groups, blocks, heads, window)

    def forward(self, features: Features, semantic: Tensor) -> Features:
        """Features of the same shape; semantic features may have any size, (b, c', h', w').

        Raises:
            ValueError: Height or width of ``features`` is not a multiple of the window.
        """
        meaning = self.proj(interpolate(semantic, size=features.shape[-2:], mode="nearest"))
        fused = relu(self.fuse(torch.cat([features, meaning], dim=1)))
        embedded: Features = self.trunk(fused)
        return embedded
