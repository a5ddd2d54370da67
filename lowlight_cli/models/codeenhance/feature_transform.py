"""Interactive feature transform: texture from the dark image, style from a reference.

Source: CodeEnhance, eq. 5-6 (texture feature transform, controllable perceptual transform), as in the
authors' code but with the brightness weight of the paper.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu

from lowlight_cli.layers.residual import ResidualBlock
from lowlight_cli.models.control_targets import ControlWeights
from lowlight_cli.tensors import Features

VARIANCE_FLOOR = 1e-5


class Statistics(NamedTuple):
    """Mean and standard deviation of each channel, (b, c, 1, 1)."""

    mean: Tensor
    deviation: Tensor


class Transformed(NamedTuple):
    """Decoder features after the transform, and the statistics used; None without a perceptual part."""

    features: Features
    statistics: Statistics | None


class FeatureTransform(nn.Module):
    """out = F + texture (F a + b) + contrast F sigma + brightness mu.

    a and b come from the features of the dark image, sigma and mu from those fused with a reference.

    Args:
        channels: Channels of all features.
        groups: Groups of the normalization in the residual blocks; 0 for none.
        pool: Side of the squares that are averaged before the statistics are taken.
        by_texture: Include the part with a and b.
        by_look: Include the part with sigma and mu.
    """

    def __init__(
        self, channels: int, *, groups: int = 32, pool: int = 1, by_texture: bool = True, by_look: bool = True
    ) -> None:
        super().__init__()
        self.pool = pool
        self.fuse_texture = ResidualBlock(2 * channels, channels, groups=groups, act="leaky")
        self.fuse_style = (
            ResidualBlock(2 * channels, channels, groups=groups, act="leaky") if by_look else None
        )
        self.scale = self._head(channels) if by_texture else None
        self.shift = self._head(channels) if by_texture else None

    @staticmethod
    def _head(channels: int) -> nn.ModuleList:
        first, last = (nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))
        for parameter in last.parameters():
            nn.init.zeros_(parameter)
        return nn.ModuleList((first, last))

    def forward(
        self,
        dark: Features,
        decoded: Features,
        reference: Features | None,
        weights: ControlWeights,
        statistics: Statistics | None = None,
    ) -> Transformed:
        """Transforms decoder features.

        Args:
            dark: Features of the dark image, (b, c, h, w).
            decoded: Decoder features of the same shape.
            reference: Features of a reference image of any size; None uses those of the dark image.
            weights: Strength of each part.
            statistics: Statistics of the whole image, needed if the features are those of a tile.
        """
        texture = self.fuse_texture(torch.cat([dark, decoded], dim=1))
        features = decoded
        if self.scale is not None and self.shift is not None:
            a, b = _through(self.scale, texture), _through(self.shift, texture)
            features = features + weights.texture * (decoded * a + b)
        if self.fuse_style is None:
            return Transformed(features, None)
        if statistics is None:
            statistics = self._statistics(self.fuse_style, texture, dark if reference is None else reference)
        features = features + weights.contrast * (decoded * statistics.deviation)
        return Transformed(features + weights.brightness * statistics.mean, statistics)

    def _statistics(self, fuse: nn.Module, texture: Features, reference: Features) -> Statistics:
        pool = min(self.pool, *texture.shape[2:])
        texture = avg_pool2d(texture, pool) if pool > 1 else texture
        if reference.shape[2:] != texture.shape[2:]:
            # In float32: the CPU has no bfloat16 kernel for it.
            reference = interpolate(
                reference.float(), texture.shape[2:], mode="bilinear", antialias=True, align_corners=False
            ).to(texture.dtype)
        reference = reference.expand(texture.shape[0], -1, -1, -1)
        style = fuse(torch.cat([texture, reference], dim=1)).float()
        if style.shape[2] * style.shape[3] == 1:
            deviation = torch.full_like(style, VARIANCE_FLOOR**0.5)
        else:
            deviation = (style.var((2, 3), keepdim=True) + VARIANCE_FLOOR).sqrt()
        return Statistics(style.mean((2, 3), keepdim=True).to(texture.dtype), deviation.to(texture.dtype))


def _through(head: nn.ModuleList, features: Features) -> Features:
    return head[1](leaky_relu(head[0](features), 0.2))
