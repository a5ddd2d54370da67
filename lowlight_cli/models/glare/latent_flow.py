"""Invertible latent flow between bright latents and noise, conditioned on the dark image.

Source: GLARE, sec. 3.2 (invertible latent normalizing flow): 28 steps without squeeze or split.
"""

from typing import cast

import torch
from torch import nn

from lowlight_cli.layers.activation_norm import ActivationNorm
from lowlight_cli.layers.coupling import ConditionalAffine, ConditionalCoupling, InvertibleMixing, Moved
from lowlight_cli.models.glare.config import FlowConfig
from lowlight_cli.tensors import Features


class FlowStep(nn.Module):
    """Normalizes and mixes channels; a coupled step then transforms them twice by the condition."""

    def __init__(self, channels: int, condition: int, config: FlowConfig, *, coupled: bool) -> None:
        super().__init__()
        self.norm = ActivationNorm(channels)
        self.mixing = InvertibleMixing(channels)
        self.affine = self.coupling = None
        if coupled:
            hidden, floor = config.hidden, config.scale_floor
            self.affine = ConditionalAffine(
                channels, condition, hidden, kernel=config.affine_kernel, floor=floor
            )
            self.coupling = ConditionalCoupling(
                channels, condition, hidden, kernel=config.coupling_kernel, floor=floor
            )

    def forward(self, features: Features, condition: Features) -> Moved:
        """One step towards noise."""
        total = self.norm.log_determinant(features)
        features, volume = self.mixing(self.norm(features))
        total = total + volume
        for part in (self.affine, self.coupling):
            if part is not None:
                features, volume = part(features, condition)
                total = total + volume
        return Moved(features, total)

    def invert(self, features: Features, condition: Features) -> Features:
        """One step back."""
        for part in (self.coupling, self.affine):
            if part is not None:
                features = part.invert(features, condition)
        return self.norm.invert(self.mixing.invert(features))


class LatentFlow(nn.Module):
    """Steps one after the other, always computed in 32-bit floats.

    Args:
        channels: Channels of the latent.
        condition: Channels of the condition.
        config: Number and shape of the steps.
    """

    def __init__(self, channels: int, condition: int, config: FlowConfig) -> None:
        super().__init__()
        kinds = [False] * config.plain_steps + [True] * config.coupled_steps
        self.steps = nn.ModuleList(
            FlowStep(channels, condition, config, coupled=coupled) for coupled in kinds * config.levels
        )

    def forward(self, latent: Features, condition: Features) -> Moved:
        """Noise for a latent, and the logarithm of the determinant."""
        with torch.autocast(latent.device.type, enabled=False):
            features, condition = latent.float(), condition.float()
            total = features.new_zeros(features.shape[0])
            for step in self.steps:
                features, volume = step(features, condition)
                total = total + volume
        return Moved(features, total)

    def invert(self, noise: Features, condition: Features) -> Features:
        """The latent for a noise; the inverse of ``forward``."""
        with torch.autocast(noise.device.type, enabled=False):
            features, condition = noise.float(), condition.float()
            for step in reversed(self.steps):
                features = cast(FlowStep, step).invert(features, condition)
        return features
