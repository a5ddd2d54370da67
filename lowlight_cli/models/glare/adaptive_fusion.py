"""Adaptive fusion of dark features, decoder features and the features decoded from codes.

Source: GLARE, sec. 3.3 (adaptive mix-up block and deformable fusion). The ratio that balances both terms is
only in the authors' code; here it is computed for each image, not over a batch.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lowlight_cli.layers.deformable import DeformableConvolution
from lowlight_cli.tensors import Features, PerImage

SMALLEST_MEAN = 1e-3
"""Least distance of a mean from zero in guarded ratios, so that they are bounded."""

FIRST_SHARE = -1.0
"""Initial share of the prior in balanced fusion, before the sigmoid."""


class Fused(NamedTuple):
    """Fused features, and the factor of the prior."""

    features: Features
    ratio: PerImage


class AdaptiveFusion(nn.Module):
    """h = F_a + r DCN(F_nl; F_nl, F_a) with F_a = g F_c + (1 - g) h and g = beta sigmoid(w).

    Args:
        channels: Channels of all features; a multiple of 4.
        gate: Initial value of w.
        balanced: Mix the prior in by a learned share instead of adding it, scale it by the ratio of root mean
            squares instead of means, and pass the dark features through a convolution first.
        groups: Groups of channels with separate offsets; 0 for a plain convolution of the prior.
        guarded: Count means nearer to zero than ``SMALLEST_MEAN`` as that; as published, a ratio has no
            bound, and is not a number for a prior of zeros. Root mean squares are always guarded.
    """

    def __init__(self, channels: int, gate: float, *, balanced: bool, groups: int, guarded: bool) -> None:
        super().__init__()
        self.guarded = guarded
        self.gate = nn.Parameter(torch.tensor([gate]))
        self.guide = nn.Conv2d(2 * channels, channels, 3, padding=1) if groups else None
        self.deform = (
            DeformableConvolution(channels, channels, channels, groups=groups)
            if groups
            else nn.Conv2d(channels, channels, 3, padding=1)
        )
        self.align = self.share = None
        if balanced:
            self.align = nn.Conv2d(channels, channels, 3, padding=1)
            self.share = nn.Parameter(torch.tensor([FIRST_SHARE]))
            for kernel in (self.align.weight, self.deform.weight):
                nn.init.dirac_(kernel)
            if self.align.bias is not None:
                nn.init.zeros_(self.align.bias)

    def forward(
        self,
        dark: Features,
        decoded: Features,
        prior: Features,
        beta: float | Tensor,
        ratio: PerImage | None = None,
    ) -> Fused:
        """Fuses features of one size; the result has the precision of ``decoded``.

        Args:
            dark: Features of the dark image.
            decoded: Features of the decoder so far.
            prior: Features that the frozen decoder computes from the codes.
            beta: Factor of the share of dark features, 1 as trained; a number, or one for each image,
                (b, 1, 1, 1). The share itself is at most 1.
            ratio: Ratio of the whole image, needed if the features are those of a tile.
        """
        if self.align is not None:
            dark = self.align(dark)
        # The gate is a float32 parameter and would promote 16-bit features to float32.
        gate = (beta * self.gate.sigmoid()).clamp(max=1.0).to(decoded.dtype)
        mixed = gate * dark.to(decoded.dtype) + (1 - gate) * decoded
        found = self._found(prior, mixed)
        if ratio is None:
            ratio = self._ratio(mixed, found)
        scaled = found * ratio.to(found.dtype).view(-1, 1, 1, 1)
        if self.share is None:
            return Fused(mixed + scaled, ratio)
        return Fused(torch.lerp(mixed, scaled, self.share.sigmoid().to(mixed.dtype)), ratio)

    def _found(self, prior: Features, mixed: Features) -> Features:
        """The prior after its convolution, in the precision of ``mixed``, which guides its offsets."""
        if self.guide is None:
            found: Features = self.deform(prior)
        else:
            found = self.deform(prior, self.guide(torch.cat([prior, mixed], dim=1)))
        return found.to(mixed.dtype)

    def _ratio(self, mixed: Features, found: Features) -> PerImage:
        if self.share is not None:
            return _power_ratio(mixed, found)
        return _mean_ratio(mixed, found, guarded=self.guarded)


def _mean_ratio(above: Features, below: Features, *, guarded: bool) -> PerImage:
    means = below.float().mean((1, 2, 3))
    if guarded:
        means = means.abs().clamp_min(SMALLEST_MEAN).copysign(means)
    return above.float().mean((1, 2, 3)) / means


def _power_ratio(above: Features, below: Features) -> PerImage:
    powers: list[Tensor] = [part.float().square().mean((1, 2, 3)) for part in (above, below)]
    return ((powers[0] + SMALLEST_MEAN**2) / (powers[1] + SMALLEST_MEAN**2)).sqrt()
