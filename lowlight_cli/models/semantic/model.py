"""Compact semantic network with features at 1/16 of the size."""

from typing import NamedTuple

from torch import nn
from torch.nn.functional import interpolate

from lowlight_cli.layers.residual import ResidualBlock
from lowlight_cli.models.semantic.config import SemanticConfig
from lowlight_cli.tensors import Features, Images


class Description(NamedTuple):
    """Class logits and the features behind them."""

    logits: Features
    features: Features


class SemanticNet(nn.Module):
    """Plain convolutional network with a class head, small enough for a laptop.

    Its features at 1/16 feed the semantic embedding; those of all scales serve as a perceptual loss without
    LPIPS weights.
    """

    size_multiple = 16

    def __init__(self, config: SemanticConfig) -> None:
        super().__init__()
        self.config = config
        a, b, c = config.channels
        self.stem = nn.Conv2d(3, a, 4, stride=4)
        self.stages = nn.ModuleList(
            (
                self._stage(nn.Identity(), a, config.blocks[0]),
                self._stage(nn.Conv2d(a, b, 3, stride=2, padding=1), b, config.blocks[1]),
                self._stage(nn.Conv2d(b, c, 3, stride=2, padding=1), c, config.blocks[2]),
            )
        )
        self.coarse_head = nn.Conv2d(c, config.classes, 1)
        self.fine_head = nn.Conv2d(b, config.classes, 1)

    @staticmethod
    def _stage(down: nn.Module, channels: int, blocks: int) -> nn.Sequential:
        return nn.Sequential(
            down, *(ResidualBlock(channels, channels, groups=0, act="leaky") for _ in range(blocks))
        )

    @property
    def channels(self) -> int:
        """Channels of the features that ``forward`` returns."""
        return self.config.channels[-1]

    def pyramid(self, images: Images) -> list[Features]:
        """Features at 1/4, 1/8 and 1/16 of the size."""
        features = self.stem(images - 0.5)
        scales = []
        for stage in self.stages:
            features = stage(features)
            scales.append(features)
        return scales

    def forward(self, images: Images) -> Features:
        """Features (b, channels, h / 16, w / 16); sides are multiples of 16.

        Args:
            images: sRGB in [0, 1], of ordinary brightness.
        """
        return self.pyramid(images)[-1]

    def classify(self, images: Images) -> Features:
        """Class logits (b, classes, h / 8, w / 8)."""
        return self.describe(images).logits

    def describe(self, images: Images) -> Description:
        """Class logits at 1/8 and features at 1/16."""
        _, fine, coarse = self.pyramid(images)
        upsampled = interpolate(
            self.coarse_head(coarse), scale_factor=2, mode="bilinear", align_corners=False
        )
        return Description(upsampled + self.fine_head(fine), coarse)
