"""Invertible steps between a latent and noise, each with the logarithm of its change of volume.

Source: Kingma and Dhariwal, "Glow", 2018, sec. 3; conditional form: Lugmayr et al., "SRFlow: Learning the
Super-Resolution Space with Normalizing Flow", 2020, eq. 6-9.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from lowlight_cli.layers.activation_norm import ActivationNorm
from lowlight_cli.tensors import Features, PerImage

OPEN = 2.0
"""Added before the sigmoid of a scale, so that steps start close to the identity."""


class Moved(NamedTuple):
    """Features after a step, and the logarithm of its change of volume for each image."""

    features: Features
    log_determinant: PerImage


class InvertibleMixing(nn.Module):
    """Multiplies the channels at each position by a square matrix, initially a random rotation.

    Attributes:
        inverse: Inverse of the matrix after ``settle``, otherwise None.
    """

    inverse: Tensor | None

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, channels))
        self.register_buffer("inverse", None, persistent=False)
        nn.init.orthogonal_(self.weight)

    def settle(self) -> None:
        """Computes the inverse of a matrix that no longer changes; ONNX cannot compute it."""
        self.inverse = self._inverse().detach()

    def forward(self, features: Features) -> Moved:
        """Mixes channels."""
        count = features.shape[2] * features.shape[3]
        volume = torch.linalg.slogdet(self.weight).logabsdet * count
        return Moved(_mixed(features, self.weight), volume.expand(features.shape[0]))

    def invert(self, features: Features) -> Features:
        """Undoes the mixing; the inverse is computed in float64."""
        inverse = self._inverse() if self.inverse is None else self.inverse
        return _mixed(features, inverse.to(features))

    def _inverse(self) -> Tensor:
        # Apple GPUs, and some of Intel's, have no float64.
        has_float64 = self.weight.device.type in ("cpu", "cuda")
        return torch.linalg.inv((self.weight if has_float64 else self.weight.cpu()).double())


class ScaleAndShift(nn.Module):
    """Computes a shift and a scale for each channel and position from other features.

    Args:
        channels_in: Channels of the input.
        channels_out: Channels to shift and scale.
        hidden: Channels of the hidden layers.
        kernel: Side of the first and the last convolution.
        floor: Least scale; the greatest is 1 + ``floor``.
    """

    def __init__(
        self, channels_in: int, channels_out: int, hidden: int, *, kernel: int, floor: float
    ) -> None:
        super().__init__()
        self.floor = floor
        self.first = nn.Conv2d(channels_in, hidden, kernel, padding=kernel // 2, bias=False)
        self.norm1 = ActivationNorm(hidden)
        self.middle = nn.Conv2d(hidden, hidden, 1, bias=False)
        self.norm2 = ActivationNorm(hidden)
        self.last = nn.Conv2d(hidden, 2 * channels_out, kernel, padding=kernel // 2)
        self.log_gain = nn.Parameter(torch.zeros(2 * channels_out, 1, 1))
        for weight in (self.first.weight, self.middle.weight):
            nn.init.normal_(weight, std=0.05)
        for parameter in self.last.parameters():
            nn.init.zeros_(parameter)

    def forward(self, features: Features) -> tuple[Features, Features]:
        """Shift and scale; channels of the last convolution alternate between shifts and scales."""
        inner = relu(self.norm1(self.first(features)))
        inner = relu(self.norm2(self.middle(inner)))
        read = self.last(inner) * (3 * self.log_gain).exp()
        return read[:, 0::2], torch.sigmoid(read[:, 1::2] + OPEN) + self.floor


class ConditionalAffine(nn.Module):
    """(z + t) a, with t and a computed from the condition alone."""

    def __init__(self, channels: int, condition: int, hidden: int, *, kernel: int, floor: float) -> None:
        super().__init__()
        self.read = ScaleAndShift(condition, channels, hidden, kernel=kernel, floor=floor)

    def forward(self, features: Features, condition: Features) -> Moved:
        """Transforms all channels."""
        shift, scale = self.read(condition)
        return Moved((features + shift) * scale, scale.log().sum((1, 2, 3)))

    def invert(self, features: Features, condition: Features) -> Features:
        """The input of ``forward`` for this output."""
        shift, scale = self.read(condition)
        return features / scale - shift


class ConditionalCoupling(nn.Module):
    """Keeps the first half of the channels (the smaller one), and transforms the rest depending on them."""

    def __init__(self, channels: int, condition: int, hidden: int, *, kernel: int, floor: float) -> None:
        super().__init__()
        self.kept = channels // 2
        self.read = ScaleAndShift(
            self.kept + condition, channels - self.kept, hidden, kernel=kernel, floor=floor
        )

    def forward(self, features: Features, condition: Features) -> Moved:
        """Transforms the second half."""
        kept, moved = features[:, : self.kept], features[:, self.kept :]
        shift, scale = self.read(torch.cat([kept, condition], dim=1))
        return Moved(torch.cat([kept, (moved + shift) * scale], dim=1), scale.log().sum((1, 2, 3)))

    def invert(self, features: Features, condition: Features) -> Features:
        """The input of ``forward`` for this output."""
        kept, moved = features[:, : self.kept], features[:, self.kept :]
        shift, scale = self.read(torch.cat([kept, condition], dim=1))
        return torch.cat([kept, moved / scale - shift], dim=1)


def _mixed(features: Features, matrix: Tensor) -> Features:
    return nn.functional.conv2d(features, matrix[:, :, None, None])
