"""Conditional encoder: features of the dark image for the flow and the decoder.

Source: GLARE, sec. 3.2 and figure 3, with both heads on the encoder's latent as in the authors' code.
"""

from typing import NamedTuple

import torch
from torch import nn

from lowlight_cli.models.glare.config import GlareConfig
from lowlight_cli.models.vqgan.encoder import Encoder
from lowlight_cli.tensors import Features


class Conditions(NamedTuple):
    """Features of a dark image.

    Attributes:
        pyramid: Features at each scale, finest first.
        condition: Condition of every step of the flow, (b, condition_channels, h', w').
        mean: Mean of the noise distribution, (b, code_channels, h', w').
        base: Latent that the flow adds to; None if the flow gives all of it.
    """

    pyramid: list[Features]
    condition: Features
    mean: Features
    base: Features | None


class ConditionalEncoder(nn.Module):
    """An encoder like that of stage I, with small heads on its last features.

    Args:
        config: Shape of the network.
    """

    def __init__(self, config: GlareConfig) -> None:
        super().__init__()
        vqgan = config.vqgan
        channels = vqgan.latent_channels
        self.trunk = Encoder(vqgan, extra_channels=0 if config.lift_target is None else 1)
        self.condition = nn.Conv2d(channels, config.condition_channels, 3, padding=1)
        self.mean = nn.Conv2d(channels, vqgan.code_channels, 3, padding=1)
        self.base = nn.Conv2d(channels, vqgan.code_channels, 1) if config.residual else None
        if config.residual:
            # So that the flow adds nothing at first.
            for parameter in self.mean.parameters():
                nn.init.zeros_(parameter)

    def forward(self, images: Features) -> Conditions:
        """Features of lifted images, or of the logarithm of images that were not lifted."""
        pyramid = self.trunk(images)
        condition = torch.sigmoid(self.condition(pyramid[-1]))
        base = None if self.base is None else self.base(pyramid[-1])
        return Conditions(pyramid, condition, self.mean(pyramid[-1]), base)
