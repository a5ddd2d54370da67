"""Residual blocks with channel attention over the whole image.

Source: Zhang et al., "Image Super-Resolution Using Very Deep Residual Channel Attention Networks", 2018,
eq. 9-13. The channel weights of an image can be passed in, so that all its tiles are treated alike.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from lowlight_cli.tensors import Features

ActivationName = Literal["prelu", "relu", "leaky"]


class ChannelWeights:
    """Channel weights of one pass, in the order of the blocks.

    Args:
        given: Weights of the whole images, (b, blocks, c); None measures them.
    """

    def __init__(self, given: Tensor | None = None) -> None:
        self._given = given
        self._taken: list[Tensor] = []

    def take(self, measure: Callable[[], Tensor]) -> Tensor:
        """Weights of the next block, (b, c, 1, 1): the given ones, or else those that ``measure`` returns."""
        weights = measure() if self._given is None else self._given[:, len(self._taken), :, None, None]
        self._taken.append(weights)
        return weights

    @property
    def taken(self) -> Tensor:
        """All weights of the pass, (b, blocks, c)."""
        return torch.stack([weights.flatten(1) for weights in self._taken], dim=1)


def activation(name: ActivationName, channels: int) -> nn.Module:
    """Activation module; ``prelu`` learns a slope for each channel, starting at 0.25."""
    match name:
        case "prelu":
            return nn.PReLU(channels)
        case "relu":
            return nn.ReLU()
        case "leaky":
            return nn.LeakyReLU(0.2)


class ChannelAttention(nn.Module):
    """Multiplies each channel by a number between 0 and 1 computed from the means of all channels.

    Args:
        channels: Channels of the features.
        reduction: Divisor of the channels inside.
        bias: Whether convolutions have a bias.
        act: Name of the activation.
    """

    def __init__(self, channels: int, reduction: int, *, bias: bool, act: ActivationName) -> None:
        super().__init__()
        inner = max(channels // reduction, 1)
        self.squeeze = nn.Conv2d(channels, inner, 1, bias=bias)
        self.act = activation(act, inner)
        self.excite = nn.Conv2d(inner, channels, 1, bias=bias)

    def forward(self, features: Features, weights: ChannelWeights) -> Features:
        """Weighted features of the same shape."""
        return features * weights.take(lambda: self._measure(features))

    def _measure(self, features: Features) -> Features:
        means = features.mean((2, 3), keepdim=True)
        return torch.sigmoid(self.excite(self.act(self.squeeze(means))))


class AttentionBlock(nn.Module):
    """conv 3x3, activation, conv 3x3, channel attention, plus the input (RCAB).

    Args:
        channels: Channels of input and output.
        reduction: Of the channel attention.
        bias: Whether convolutions have a bias.
        act: Name of the activation.
    """

    def __init__(self, channels: int, reduction: int, *, bias: bool, act: ActivationName) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=bias)
        self.act = activation(act, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=bias)
        self.attention = ChannelAttention(channels, reduction, bias=bias, act=act)

    def forward(self, features: Features, weights: ChannelWeights) -> Features:
        """Features of the same shape."""
        return features + self.attention(self.conv2(self.act(self.conv1(features))), weights)


class Cascade(nn.Module):
    """Blocks one after the other, plus the input if ``skip`` is set.

    Args:
        blocks: Modules that take features and channel weights.
        skip: Whether the input is added.
    """

    def __init__(self, blocks: Sequence[nn.Module], *, skip: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.skip = skip

    def forward(self, features: Features, weights: ChannelWeights) -> Features:
        """Features of the same shape."""
        inner = features
        for block in self.blocks:
            inner = block(inner, weights)
        return features + inner if self.skip else inner
