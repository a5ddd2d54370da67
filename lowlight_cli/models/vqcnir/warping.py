"""Offset estimation and deformable convolution: features of the picture move to where those of the prior are.

Source: Zou et al., "VQCNIR", AAAI 2024, sec. "Deformable Bi-directional Cross-Attention", eq. 10-11; the way
of the offsets to the next level is that of the published network: docs/models/vqcnir.md.
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
    """Moved features, and what the next finer level derives its offsets from."""

    features: Features
    guide: Features


class Warp(nn.Module):
    """Compares both decoders' features over a large window, and moves one of them.

    Args:
        channels: Channels of both features and of the guide.
        coarser_channels: Channels of the guide of the coarser level; 0 at the coarsest.
        groups: Parts of the channels with offsets of their own.
        config: Shape of the network.
    """

    def __init__(self, channels: int, coarser_channels: int, groups: int, config: VqcnirConfig) -> None:
        super().__init__()
        norms, act, kernel = config.vqgan.groups, config.vqgan.act, config.warp_kernel
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
            channels, channels, channels, groups=groups, reach=config.reach, guide_kernel=kernel
        )

    def forward(self, own: Features, prior: Features, coarser: Features | None) -> Warped:
        """Moves features.

        Args:
            own: What is moved, (b, c, h, w).
            prior: What it is moved to.
            coarser: Guide of the coarser level, (b, c', h / 2, w / 2); None at the coarsest.
        """
        guide = self.compare(torch.cat([prior, own], dim=1))
        if coarser is not None:
            # A move of one position is one of two at twice the size.
            finer = 2 * interpolate(coarser, size=guide.shape[2:], mode="bilinear", align_corners=False)
            guide = torch.cat([guide, finer], dim=1)
        guide = self.mix(guide)
        return Warped(self.dcn(own, guide), guide)
