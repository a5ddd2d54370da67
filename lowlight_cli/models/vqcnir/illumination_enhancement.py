"""Adaptive illumination enhancement: brightens the features of a dark image.

Source: Zou et al., "VQCNIR: Clearer Night Image Restoration with Vector-Quantized Codebook", AAAI 2024,
eq. 1-6. Follows the published network where it differs from the paper: docs/models/vqcnir.md.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lowlight_cli.models.vqcnir.channel_norm import ChannelNorm
from lowlight_cli.tensors import Features

Means = Float[Tensor, "_b _c 1 1"]
"""Mean of each channel over a whole image."""


class Illuminated(NamedTuple):
    """Features, and the channel means of the whole image that were used."""

    features: Features
    means: Means


class IlluminationEnhancement(nn.Module):
    """One block (AIEM): combines local and global features, then brightens; the identity at initialization.

    Args:
        channels: Channels of input and output; a multiple of ``splits``.
        splits: Parts of the channels, each brightened by curves computed from the other parts.
        curve_steps: Number of times that the curve is applied.
    """

    def __init__(self, channels: int, splits: int = 4, curve_steps: int = 3) -> None:
        super().__init__()
        self.hie = HierarchicalExtraction(channels)
        self.imae = IlluminationAttention(channels, splits, curve_steps)
        self.hie_scale = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.imae_scale = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, features: Features, means: Means | None = None) -> Illuminated:
        """Enhances features.

        Args:
            features: Any size.
            means: Channel means of the whole image; None if ``features`` are those of whole images.
        """
        extracted = self.hie(features, means)
        features = features + self.hie_scale * extracted.features
        return Illuminated(features + self.imae_scale * self.imae(features), extracted.means)


class HierarchicalExtraction(nn.Module):
    """Product of local (a gate), regional (a large kernel) and global (channel means) features."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        wide = 2 * channels
        self.norm = ChannelNorm(channels)
        self.expand = nn.Conv2d(channels, wide, 1)
        self.dw = nn.Conv2d(wide, wide, 3, padding=1, groups=wide)
        self.lka = nn.Sequential(
            nn.Conv2d(wide, wide, 5, padding=2, groups=wide),
            nn.Conv2d(wide, wide, 7, padding=9, groups=wide, dilation=3),
            nn.Conv2d(wide, channels, 1),
        )
        self.ca = nn.Conv2d(wide, channels, 1)
        self.proj = nn.Conv2d(channels, channels, 1)

    def forward(self, features: Features, means: Means | None = None) -> Illuminated:
        """A residual to add to the features."""
        wide = self.dw(self.expand(self.norm(features)))
        if means is None:
            means = wide.float().mean((2, 3), keepdim=True)
        product = self.ca(means.to(wide.dtype)) * self.lka(wide) * gate(wide)
        return Illuminated(self.proj(product), means)


class IlluminationAttention(nn.Module):
    """Gate, mutual brightening, projection."""

    def __init__(self, channels: int, splits: int, curve_steps: int) -> None:
        super().__init__()
        self.norm = ChannelNorm(channels)
        self.expand = nn.Conv2d(channels, 2 * channels, 1)
        self.mutual = MutualBrightening(channels, splits, curve_steps)
        self.proj = nn.Conv2d(channels, channels, 1)

    def forward(self, features: Features) -> Features:
        """A residual to add to the features."""
        return self.proj(self.mutual(gate(self.expand(self.norm(features)))))


class MutualBrightening(nn.Module):
    """Brightens each part of the channels by curves computed from the other parts (IMAConv).

    Args:
        channels: Channels of input and output.
        splits: Number of parts.
        curve_steps: Number of times that the curve is applied, each time with its own amount map.
    """

    def __init__(self, channels: int, splits: int, curve_steps: int) -> None:
        super().__init__()
        width = channels // splits
        self.curve = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels - width, width, 5, padding=2),
                nn.ReLU(),
                nn.Conv2d(width, width, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(width, curve_steps, 1),
                nn.Sigmoid(),
            )
            for _ in range(splits)
        )
        self.mix = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(splits))

    def forward(self, features: Features) -> Features:
        """Brightened features of the same shape."""
        parts = features.chunk(len(self.mix), dim=1)
        brightened = []
        for index, (curve, mix) in enumerate(zip(self.curve, self.mix, strict=True)):
            others = torch.cat([*parts[:index], *parts[index + 1 :]], dim=1)
            brightened.append(mix(brighten(parts[index], curve(others))))
        return torch.cat(brightened, dim=1)


def gate(features: Features) -> Features:
    """Product of both halves of the channels. Source: Chen et al., "NAFNet", 2022, eq. 4."""
    first, second = features.chunk(2, dim=1)
    return first * second


def brighten(features: Features, amounts: Features) -> Features:
    """Features after brightening curves, in [0, 1]. Source: VQCNIR, eq. 6; Zero-DCE, 2020.

    Args:
        features: Clamped to [0, 1].
        amounts: One map in [0, 1] for each step, shared by all channels, (b, steps, h, w).
    """
    level = features.clamp(0, 1)
    for amount in amounts.split(1, dim=1):
        level = level + amount * level * (1 - level)
    return level
