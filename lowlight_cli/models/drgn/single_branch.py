"""The single-branch network of LW-DRGN: mostly at half resolution, with densely fused modules.

Source: Jiang et al., "Degrade is Upgrade", 2022, section "LW-DRGN", which gives parameter counts and two
sentences. The layout is ours: docs/models/drgn.md.
"""

import torch
from torch import nn

from lowlight_cli.models.drgn.channel_attention import (
    AttentionBlock,
    Cascade,
    ChannelAttention,
    ChannelWeights,
    activation,
)
from lowlight_cli.models.drgn.config import SingleBranchConfig
from lowlight_cli.tensors import Features, Images


class SingleBranch(nn.Module):
    """One module at full resolution, the others at half; each takes the results of all before it.

    Args:
        config: Shape of the network.
    """

    size_multiple = 2

    def __init__(self, config: SingleBranchConfig) -> None:
        super().__init__()
        self.config = config
        width, bias = config.channels, config.bias
        self.first = self._activated(nn.Conv2d(3, width, 3, padding=1, bias=bias))
        self.fine = self._module()
        self.down = self._activated(nn.Conv2d(width, width, 3, 2, 1, bias=bias))
        self.dense = nn.ModuleList(self._module() for _ in range(config.modules))
        self.gather = nn.ModuleList(
            nn.Conv2d((count + 2) * width, width, 1, bias=bias) for count in range(config.modules)
        )
        self.attention = nn.ModuleList(
            ChannelAttention(width, config.reduction, bias=bias, act=config.activation)
            for _ in range(config.modules)
        )
        self.up = self._activated(nn.ConvTranspose2d(width, width, 4, 2, 1, bias=bias))
        self.fuse = nn.Conv2d(2 * width, width, 1, bias=bias)
        self.to_rgb = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, images: Images, weights: ChannelWeights) -> Images:
        """Images of the same size, not clamped.

        Args:
            images: Sides are even.
            weights: Channel weights, known or still to be measured.
        """
        first = self.first(images)
        features = self.down(self.fine(first, weights))
        known: list[Features] = [features]
        for module, gather, attention in zip(self.dense, self.gather, self.attention, strict=True):
            known.append(module(features, weights))
            features = attention(gather(torch.cat(known, 1)), weights)
        return self.to_rgb(self.fuse(torch.cat([self.up(features), first], 1)))

    def _activated(self, layer: nn.Module) -> nn.Module:
        return nn.Sequential(layer, activation(self.config.activation, self.config.channels))

    def _module(self) -> Cascade:
        config = self.config
        return Cascade(
            [
                AttentionBlock(config.channels, config.reduction, bias=config.bias, act=config.activation)
                for _ in range(config.depth)
            ],
            skip=False,
        )
