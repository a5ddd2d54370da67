"""Codebook lookup: replaces each feature vector by the nearest learned code.

Source: van den Oord et al., "Neural Discrete Representation Learning", 2017, eq. 1-3; the additive shift is
the codebook shift of CodeEnhance (section 2.5 of docs/models/codeenhance.md).
"""

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
    """

    def __init__(self, size: int, channels: int, *, shifted: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(size, channels))
        self.shift = nn.Parameter(torch.zeros(size, channels)) if shifted else None

    @property
    def codes(self) -> Tensor:
        """The codes in use, shift included, (size, channels)."""
        return self.weight if self.shift is None else self.weight + self.shift

    def forward(self, features: Features) -> Quantized:
        """Quantizes features; their gradient reaches the encoder unchanged."""
        indices = self.nearest(features)
        codes = self.lookup(indices).to(features.dtype)
        return Quantized(features + (codes - features).detach(), indices)

    @torch.no_grad()
    def nearest(self, features: Features) -> CodeIndices:
        """Row of the closest code (Euclidean) at each position, in chunks and full precision."""
        batch, channels, height, width = features.shape
        tokens = features.movedim(1, -1).reshape(-1, channels).float()  # (b*h*w, c)
        codes = self.codes.float()
        half_norms = codes.square().sum(1) / 2
        with torch.autocast(features.device.type, enabled=False):
            # The number of chunks would be fixed in an exported graph.
            chunks = (tokens,) if torch.compiler.is_exporting() else tokens.split(TOKENS_PER_CHUNK)
            rows = [(half_norms - part @ codes.T).argmin(1) for part in chunks]
        return torch.cat(rows).view(batch, height, width)

    def lookup(self, indices: CodeIndices) -> Features:
        """Codes of ``indices``, in the layout of features."""
        return embedding(indices, self.codes).movedim(-1, 1)
