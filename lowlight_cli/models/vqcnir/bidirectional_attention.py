"""Bi-directional cross-attention: two decoders look at each other, channel by channel.

Source: Zou et al., "VQCNIR", AAAI 2024, eq. 7-9.  Differs from the paper's text where the published network
does: docs/models/vqcnir.md.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import normalize

from lowlight_cli.models.vqcnir.channel_norm import ChannelNorm
from lowlight_cli.tensors import Features

AttentionMap = Float[Tensor, "_b _heads _c _c2"]
"""How much each channel of a head takes from each other one, over a whole picture."""


class Exchanged(NamedTuple):
    """Features of both decoders after they looked at each other, and the map they used."""

    own: Features
    prior: Features
    attention: AttentionMap


class BidirectionalAttention(nn.Module):
    """One map of channels against channels serves both directions; the identity at first.

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
        """Exchanges what both decoders know.

        Args:
            own: Features of the decoder that is faithful to the picture (D), (b, c, h, w).
            prior: Features of the decoder that knows clear pictures (G), same shape.
            attention: A map to take as given; without it the features are the whole picture.
        """
        if attention is None:
            attention = self._attention(own, prior)
        from_prior = self._mixed(attention, self.v_g(prior))
        from_own = self._mixed(attention, self.v_d(own))
        return Exchanged(own + self.scale_d * from_prior, prior + self.scale_g * from_own, attention)

    def _attention(self, own: Features, prior: Features) -> AttentionMap:
        queries = self._by_head(self.q_d(self.norm_d(own)))
        keys = self._by_head(self.q_g(self.norm_g(prior)))
        # A sum over all positions: in 16-bit floats it would depend on the size of the picture.
        with torch.autocast(own.device.type, enabled=False):
            alike = normalize(queries.float(), dim=-1) @ normalize(keys.float(), dim=-1).mT
            return (alike * self.logit_scale).softmax(-1)

    def _mixed(self, attention: AttentionMap, values: Features) -> Features:
        return (attention.to(values.dtype) @ self._by_head(values)).view(values.shape)

    def _by_head(self, features: Features) -> Tensor:
        """(b, c, h, w) to (b, heads, c / heads, h * w)."""
        return features.reshape(features.shape[0], self.heads, -1, features.shape[2] * features.shape[3])
