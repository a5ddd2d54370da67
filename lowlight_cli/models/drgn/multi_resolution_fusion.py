"""The multi-resolution fusion network (MFN); DRGN has two of them.

Source: Jiang et al., "Degrade is Upgrade: Learning Degradation for Low-Light Image Enhancement", 2022
(arXiv 2103.10621), eq. 10-13. Choices where the paper is silent: docs/models/drgn.md.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, pad

from lowlight_cli.models.drgn.channel_attention import AttentionBlock, Cascade, ChannelWeights, activation
from lowlight_cli.models.drgn.config import MultiResolutionConfig
from lowlight_cli.tensors import Features, Images

BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


class Halving(nn.Module):
    """Next layer of an image pyramid: blur, then every second pixel.

    Args:
        kernel: ``binomial`` is 1 4 6 4 1, mirrored at the border; ``box`` is the mean of 2x2 pixels.
    """

    taps: Tensor

    def __init__(self, kernel: Literal["binomial", "box"]) -> None:
        super().__init__()
        self.kernel = kernel
        # A buffer moves to the device with the weights; it is not saved with them.
        self.register_buffer("taps", torch.tensor(BINOMIAL).repeat(3, 1, 1), persistent=False)

    def forward(self, images: Images) -> Images:
        """Images of half the size; sides are even."""
        if self.kernel == "box":
            return avg_pool2d(images, 2)
        mode = "reflect" if min(images.shape[2:]) > 2 else "replicate"  # reflection needs three pixels
        padded = pad(images, (2, 2, 2, 2), mode=mode)
        rows = conv2d(padded, self.taps[:, :, :, None], stride=(2, 1), groups=3)
        return conv2d(rows, self.taps[:, :, None], stride=(1, 2), groups=3)


class MultiResolutionFusion(nn.Module):
    """Three layers of a pyramid, each with its residual group, fused at full resolution.

    Args:
        config: Shape of the network.
    """

    size_multiple = 4

    def __init__(self, config: MultiResolutionConfig) -> None:
        super().__init__()
        self.config = config
        width = config.channels
        self.halve = Halving(config.pyramid)
        self.first = nn.ModuleList(
            self._activated(nn.Conv2d(3, width, 3, 1, 1, bias=config.bias)) for _ in range(3)
        )
        self.down = nn.ModuleList(
            self._activated(nn.Conv2d(width, width, 3, 2, 1, bias=config.bias)) for _ in range(2)
        )
        self.merge = nn.ModuleList(self._merge() for _ in range(2))
        self.groups = nn.ModuleList(self._group(count) for count in config.blocks)
        self.long = nn.ModuleList(self._mix() for _ in range(3))
        self.up = nn.ModuleList(self._ascent(steps) for steps in self._steps_up())
        self.fuse = nn.ModuleList(self._mix() for _ in range(2))
        self.to_rgb = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, images: Images, weights: ChannelWeights) -> Images:
        """Images of the same size, not clamped.

        Args:
            images: Sides are multiples of 4.
            weights: Channel weights, known or still to be measured.
        """
        layers = [images]
        for _ in range(2):
            layers.append(self.halve(layers[-1]))
        fine = self.first[0](layers[0])
        entries = [fine]
        for down, merge, first, layer in zip(self.down, self.merge, self.first[1:], layers[1:], strict=True):
            entries.append(self._merged(merge, first(layer), down(entries[-1])))
        return self.to_rgb(
            self._fused(
                [
                    long(torch.cat([group(entry, weights), entry], 1))
                    for long, group, entry in zip(self.long, self.groups, entries, strict=True)
                ]
            )
        )

    def _merged(self, merge: nn.Module, own: Features, finer: Features) -> Features:
        return own + finer if self.config.merge == "sum" else merge(torch.cat([own, finer], 1))

    def _fused(self, layers: list[Features]) -> Features:
        fine, middle, coarse = layers
        if self.config.ascent == "cascade":
            middle = self.fuse[1](torch.cat([self.up[1](coarse), middle], 1))
            return self.fuse[0](torch.cat([self.up[0](middle), fine], 1))
        for fuse, up, layer in zip(self.fuse, self.up, (middle, coarse), strict=True):
            fine = fuse(torch.cat([up(layer), fine], 1))
        return fine

    def _activated(self, layer: nn.Module) -> nn.Module:
        return nn.Sequential(layer, activation(self.config.activation, self.config.channels))

    def _merge(self) -> nn.Module:
        side = {"conv3": 3, "conv1": 1, "sum": 0}[self.config.merge]
        width, bias = self.config.channels, self.config.bias
        return nn.Conv2d(2 * width, width, side, padding=side // 2, bias=bias) if side else nn.Identity()

    def _mix(self) -> nn.Module:
        return nn.Conv2d(2 * self.config.channels, self.config.channels, 1, bias=self.config.bias)

    def _group(self, count: int) -> Cascade:
        config = self.config

        def attention_block() -> AttentionBlock:
            return AttentionBlock(config.channels, config.reduction, bias=config.bias, act=config.activation)

        blocks = [Cascade([attention_block() for _ in range(config.depth)], skip=True) for _ in range(count)]
        return Cascade(blocks, skip=False)

    def _steps_up(self) -> tuple[int, int]:
        return (1, 1) if self.config.ascent == "cascade" else (1, 2)

    def _ascent(self, steps: int) -> nn.Module:
        width, bias = self.config.channels, self.config.bias
        return nn.Sequential(
            *(
                self._activated(nn.ConvTranspose2d(width, width, 3, 2, 1, output_padding=1, bias=bias))
                for _ in range(steps)
            )
        )
