"""Deformable convolution that aligns features of the image with those of the prior.

Source: Zou et al., "VQCNIR", AAAI 2024, sec. "Deformable Bi-directional Cross-Attention", eq. 10-11; guides
are passed to the next level as in the published network: docs/models/vqcnir.md.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import interpolate

from lowlight_cli.layers.deformable import DeformableConvolution
from lowlight_cli.layers.residual import activation, normalization
from lowlight_cli.models.vqcnir.config import VqcnirConfig
from lowlight_cli.tensors import Features


class Warped(NamedTuple):
    """Aligned features, and the guide from which the next finer level computes its offsets."""

    features: Features
    guide: Features


class Warp(nn.Module):
    """Compares features of both decoders over a large window, and aligns one with the other.

    Args:
        index: Number of the level, 0 for the coarsest.
        config: Shape of the network; gives the channels of both features and of the guide.
    """

    def __init__(self, index: int, config: VqcnirConfig) -> None:
        super().__init__()
        norms, act, kernel = config.vqgan.groups, config.vqgan.act, config.warp_kernel
        channels = config.level_channels[index]
        coarser_channels = config.level_channels[index - 1] if index else 0
        self.compare = nn.Sequential(
            nn.Conv2d(2 * channels, channels, 1),
            normalization(channels, norms),
            activation(act),
            nn.Conv2d(channels, channels, 7, padding=3, groups=channels),
            normalization(channels, norms),
            activation(act),
            nn.Conv2d(channels, channels, 1),
        )
        self.mix = nn.Sequential(
            nn.Conv2d(channels + coarser_channels, channels, kernel, padding=kernel // 2),
            normalization(channels, norms),
            activation(act),
        )
        self.dcn = DeformableConvolution(
            channels,
            channels,
            channels,
            groups=config.warp_groups[index],
            reach=config.reach_of(index),
            guide_kernel=kernel,
        )

    def forward(self, own: Features, prior: Features, coarser: Features | None) -> Warped:
        """Aligns features.

        Args:
            own: Features to align, (b, c, h, w).
            prior: Features to align them with.
            coarser: Guide of the coarser level, (b, c', h / 2, w / 2); None at the coarsest.
        """
        guide = self.compare(torch.cat([prior, own], dim=1))
        if coarser is not None:
            # An offset of one position is one of two at twice the size.
            finer = 2 * interpolate(coarser, size=guide.shape[2:], mode="bilinear", align_corners=False)
            guide = torch.cat([guide, finer], dim=1)
        guide = self.mix(guide)
        return Warped(self.dcn(own, guide), guide)
