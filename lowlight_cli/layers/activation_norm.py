"""Shift and scale of each channel, initialized so that the first features come out normalized.

Source: Kingma and Dhariwal, "Glow: Generative Flow with Invertible 1x1 Convolutions", 2018, sec. 3.1.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from lowlight_cli.tensors import Features, Scalar

VARIANCE_FLOOR = 1e-6


class ActivationNorm(nn.Module):
    """(z + bias) exp(log_scale); the identity until it is fitted or loaded.

    Args:
        channels: Channels of the features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.log_scale = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, features: Features) -> Features:
        """Features of the same shape."""
        return (features + self.bias) * self.log_scale.exp()

    def invert(self, features: Features) -> Features:
        """The input of ``forward`` for this output."""
        return features * (-self.log_scale).exp() - self.bias

    def log_determinant(self, features: Features) -> Scalar:
        """Logarithm of the change of volume per image."""
        return self.log_scale.sum() * (features.shape[2] * features.shape[3])

    @torch.no_grad()
    def fit(self, features: Features) -> None:
        """Sets shift and scale so that these features come out with mean 0 and deviation 1."""
        self.bias.copy_(-features.mean((0, 2, 3), keepdim=True))
        spread = (features + self.bias).square().mean((0, 2, 3), keepdim=True)
        self.log_scale.copy_(-(spread.sqrt() + VARIANCE_FLOOR).log())


@torch.no_grad()
def fit_norms(module: nn.Module, run: Callable[[], object]) -> None:
    """Fits each ``ActivationNorm`` of a module to its input, in the order of the forward pass.

    Args:
        module: Module that contains the norms.
        run: Runs the module on the features to fit to.
    """

    def fit(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(norm, ActivationNorm)
        norm.fit(inputs[0])

    norms = [part for part in module.modules() if isinstance(part, ActivationNorm)]
    handles = [norm.register_forward_pre_hook(fit) for norm in norms]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
