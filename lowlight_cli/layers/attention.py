"""Attention of every position to every other, beside a skip.

Source: Esser et al., "Taming Transformers for High-Resolution Image Synthesis", 2021, appendix; computed
without ever holding the whole map (Rabe and Staats, "Self-attention Does Not Need O(n^2) Memory", 2021).
"""

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from lowlight_cli.layers.residual import normalization
from lowlight_cli.tensors import Features

QUERIES_PER_CHUNK = 2048
"""So that memory is bounded on devices, too, for which torch has no kernel that needs little."""


class PositionAttention(nn.Module):
    """One head over all positions, after a group norm; no position knows where it is.

    Args:
        channels: Channels of the features.
        groups: Groups of the normalisation; 0 for none.
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
