"""Whether a model gives the same picture in a short number format as in float32."""

import math
from typing import NamedTuple

import torch

from lowlight_cli.images.padding import padded_side
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.tensors import Images

LARGEST_STEP, MEAN_STEP = 3.0, 0.5
"""Differences to float32 that are accepted, in steps of 8 bits."""

_HEIGHT, _WIDTH = 96, 128


class Agreement(NamedTuple):
    """Difference to float32 in steps of 8 bits: the largest, and the mean."""

    largest: float
    mean: float

    @property
    def is_close(self) -> bool:
        """Whether nobody would see it."""
        return self.largest <= LARGEST_STEP and self.mean <= MEAN_STEP


@torch.inference_mode()
def compare_with_float32(enhancer: Enhancer, device: torch.device, precision: torch.dtype) -> Agreement:
    """Enhances one fixed picture in both formats.

    Args:
        enhancer: In evaluation mode, on ``device``.
        device: Where to compute.
        precision: The format in question.

    Returns:
        Infinite differences where the model cannot compute in that format, or gives no numbers in it.
    """
    images = _dark_picture(enhancer.size_multiple).to(device)
    exact = enhancer.enhance(images, Controls()).float()
    try:
        with torch.autocast(device.type, precision):
            short = enhancer.enhance(images, Controls()).float()
    except RuntimeError:  # an operation that has no such form here
        return Agreement(math.inf, math.inf)
    steps = (short - exact).abs().mul(255).nan_to_num(math.inf)
    return Agreement(steps.max().item(), steps.mean().item())


def _dark_picture(multiple: int) -> Images:
    """Waves of colour between black and dim, and one lamp; the same on every machine."""
    height, width = padded_side(_HEIGHT, multiple), padded_side(_WIDTH, multiple)
    down = torch.linspace(0, 1, height, dtype=torch.float64)[:, None]
    across = torch.linspace(0, 1, width, dtype=torch.float64)
    waves = [0.08 + 0.07 * torch.cos(9 * (across + k) + 7 * down * (k + 1)) for k in range(3)]
    lamp = 0.7 * torch.exp(-((across - 0.7) ** 2 + (down - 0.3) ** 2) / 0.005)
    return (torch.stack(waves) + lamp).clamp(0, 1)[None].float()
