"""Semantic embedding of the published network: what is seen joins what is meant, then a window transformer.

Source: Wu et al., "CodeEnhance", 2024, sec. 3.2.  Differs from Eq. 4 of the paper, which the published
network does not contain: docs/models/codeenhance.md.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from lowlight_cli.layers.swin import SwinTrunk
from lowlight_cli.tensors import Features


class SwinSemanticEmbedding(nn.Module):
    """Adds the meaning of the scene to the features of a dark picture.

    Args:
        channels: Channels of the features, kept.
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
        """Embeds semantic features of any size, (b, c', h', w'), into features.

        Raises:
            ValueError: Height or width of ``features`` is not a multiple of the window.
        """
        meaning = self.proj(interpolate(semantic, size=features.shape[-2:], mode="nearest"))
        fused = relu(self.fuse(torch.cat([features, meaning], dim=1)))
        embedded: Features = self.trunk(fused)
        return embedded
