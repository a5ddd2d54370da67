"""Bi-directional cross-attention between the channels of two decoders.

Source: Zou et al., "VQCNIR", AAAI 2024, eq. 7-9. Follows the published network where it differs from the
paper: docs/models/vqcnir.md.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import normalize

from lowlight_cli.models.vqcnir.channel_norm import ChannelNorm
from lowlight_cli.tensors import Features

AttentionMap = Float[Tensor, "_b _heads _c _c2"]
"""Weight of each channel for each other channel of a head, over a whole image."""


class Exchanged(NamedTuple):
    """Features of both decoders after the attention, and the map used."""

    own: Features
    prior: Features
    attention: AttentionMap


class BidirectionalAttention(nn.Module):
    """One map between channels serves both directions; the identity at initialization.

    Args:
        channels: Channels of both features, a multiple of ``head_width``.
        head_width: Channels of a head.
    """

    def __init__(self, channels: int, head_width: int = 64) -> None:
        super().__init__()
        self.heads = channels // head_width
        self.norm_d = ChannelNorm(channels)
        self.norm_g = ChannelNorm(channels)
        self.q_d = nn.Conv2d(channels, channels, 1)
        self.q_g = nn.Conv2d(channels, channels, 1)
        self.v_d = nn.Conv2d(channels, channels, 1)
        self.v_g = nn.Conv2d(channels, channels, 1)
        self.logit_scale = nn.Parameter(torch.ones(self.heads, 1, 1))
        self.scale_d = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.scale_g = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, own: Features, prior: Features, attention: AttentionMap | None = None) -> Exchanged:
        """Adds to the features of each decoder those of the other one.

        Args:
            own: Features of the decoder of the input image (D), (b, c, h, w).
            prior: Features of the decoder of the codes (G), same shape.
            attention: Map of the whole image; None if the features are those of whole images.
        """
        if attention is None:
            attention = self._attention(own, prior)
        from_prior = self._mixed(attention, self.v_g(prior))
        from_own = self._mixed(attention, self.v_d(own))
        return Exchanged(own + self.scale_d * from_prior, prior + self.scale_g * from_own, attention)

    def _attention(self, own: Features, prior: Features) -> AttentionMap:
        queries = self._by_head(self.q_d(self.norm_d(own)))
        keys = self._by_head(self.q_g(self.norm_g(prior)))
        # A sum over all positions; in 16-bit floats its error grows with the size of the image.
        with torch.autocast(own.device.type, enabled=False):
            alike = normalize(queries.float(), dim=-1) @ normalize(keys.float(), dim=-1).mT
            return (alike * self.logit_scale).softmax(-1)

    def _mixed(self, attention: AttentionMap, values: Features) -> Features:
        return (attention.to(values.dtype) @ self._by_head(values)).view(values.shape)

    def _by_head(self, features: Features) -> Tensor:
        """(b, c, h, w) to (b, heads, c / heads, h * w)."""
        return features.reshape(features.shape[0], self.heads, -1, features.shape[2] * features.shape[3])
