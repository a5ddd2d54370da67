"""Codebook lookup: replaces each feature vector by the nearest learned code, or by a mixture of near codes.

Source: van den Oord et al., "Neural Discrete Representation Learning", 2017, eq. 1-3; the additive shift is
the codebook shift of CodeEnhance (section 2.5 of docs/models/codeenhance.md); the mixture is the soft
assignment of Agustsson et al., "Soft-to-Hard Vector Quantization", 2017, eq. 2.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from lowlight_cli.tensors import CodeIndices, Features

TOKENS_PER_CHUNK = 16384


class Quantized(NamedTuple):
    """Quantized features (the gradient passes straight through), and indices of their codes."""

    features: Features
    indices: CodeIndices


class Codebook(nn.Module):
    """``size`` learned codes of ``channels`` numbers each, optionally with a learned shift.

    Args:
        size: Number of codes.
        channels: Length of a code, equal to the channels of the features.
        shifted: Whether a second table of the same shape, zero at first, is added to the codes.
        softness: After training, codes are mixed with weights exp(-d^2 / (softness v)), where d is their
            distance to a feature vector and v the variance of the codes. A smooth area then stays smooth
            where two codes are equally near. 0 takes the nearest code.
    """

    def __init__(self, size: int, channels: int, *, shifted: bool = False, softness: float = 0.0) -> None:
        super().__init__()
        self.softness = softness
        self.weight = nn.Parameter(torch.randn(size, channels))
        self.shift = nn.Parameter(torch.zeros(size, channels)) if shifted else None

    @property
    def codes(self) -> Tensor:
        """The codes in use, shift included, (size, channels)."""
        return self.weight if self.shift is None else self.weight + self.shift

    def forward(self, features: Features) -> Quantized:
        """Quantizes features; their gradient reaches the encoder unchanged."""
        matched = self.match(features)
        return Quantized(features + (matched.features - features).detach(), matched.indices)

    @torch.no_grad()
    def match(self, features: Features) -> Quantized:
        """The code, or mixture of codes, in place of each feature vector, without a gradient."""
        if self.training or not self.softness:
            indices = self.nearest(features)
            return Quantized(self.lookup(indices).to(features.dtype), indices)
        batch, _, height, width = features.shape
        codes = self.codes.float()
        spread = (codes - codes.mean(0)).square().sum(1).mean() * self.softness
        rows, mixed = [], []
        with torch.autocast(features.device.type, enabled=False):
            for part in _chunks(features):
                nearness = _nearness(part, codes)
                rows.append(nearness.argmax(1))
                mixed.append((nearness * (2 / spread)).softmax(1) @ codes)
        indices = torch.cat(rows).view(batch, height, width)
        found = torch.cat(mixed).view(batch, height, width, -1).movedim(-1, 1)
        return Quantized(found.to(features.dtype), indices)

    @torch.no_grad()
    def nearest(self, features: Features) -> CodeIndices:
        """Row of the closest code (Euclidean) at each position, in chunks and full precision."""
        batch, _, height, width = features.shape
        codes = self.codes.float()
        with torch.autocast(features.device.type, enabled=False):
            rows = [_nearness(part, codes).argmax(1) for part in _chunks(features)]
        return torch.cat(rows).view(batch, height, width)

    def lookup(self, indices: CodeIndices) -> Features:
        """Codes of ``indices``, in the layout of features."""
        return embedding(indices, self.codes).movedim(-1, 1)


def _chunks(features: Features) -> Sequence[Tensor]:
    """Feature vectors in full precision, (vectors, channels), some at a time to save memory."""
    tokens = features.movedim(1, -1).reshape(-1, features.shape[1]).float()
    # The number of chunks would be fixed in an exported graph.
    return (tokens,) if torch.compiler.is_exporting() else tokens.split(TOKENS_PER_CHUNK)


def _nearness(vectors: Tensor, codes: Tensor) -> Tensor:
    """Half of the negative squared distance to each code, plus a number for each vector, (vectors, codes)."""
    return vectors @ codes.T - codes.square().sum(1) / 2
