"""Residual block with pre-activation, with or without group normalization.

Source: He et al., "Identity Mappings in Deep Residual Networks", 2016; the form used by VQGANs.
"""

from typing import Literal

from torch import nn

from lowlight_cli.tensors import Features

ActivationName = Literal["silu", "leaky"]


def activation(name: ActivationName) -> nn.Module:
    """Activation module: SiLU, or LeakyReLU with slope 0.2."""
    return nn.SiLU() if name == "silu" else nn.LeakyReLU(0.2)


def normalization(channels: int, groups: int) -> nn.Module:
    """GroupNorm with ``groups`` groups; identity for 0 groups."""
    return nn.GroupNorm(groups, channels, eps=1e-6) if groups else nn.Identity()


class ResidualBlock(nn.Module):
    """norm, act, conv 3x3, norm, act, conv 3x3, plus the input (through a 1x1 conv if the channels change).

    Args:
        channels_in: Channels of the input.
        channels_out: Channels of the output.
        groups: Groups of the normalization; 0 for none. Without normalization the block is strictly local
            and starts close to the identity.
        act: Name of the activation.
    """

    def __init__(
        self, channels_in: int, channels_out: int, *, groups: int = 32, act: ActivationName = "silu"
    ) -> None:
        super().__init__()
        self.norm1 = normalization(channels_in, groups)
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.norm2 = normalization(channels_out, groups)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        self.skip = nn.Identity() if channels_in == channels_out else nn.Conv2d(channels_in, channels_out, 1)
        self.act = activation(act)
        if not groups:
            nn.init.normal_(self.conv2.weight, std=0.1 / (3 * channels_out**0.5))

    def forward(self, features: Features) -> Features:
        """Features of the same size with ``channels_out`` channels."""
        inner = self.conv1(self.act(self.norm1(features)))
        inner = self.conv2(self.act(self.norm2(inner)))
        return self.skip(features) + inner
