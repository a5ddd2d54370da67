"""Compares results of a model between number formats and between devices, for one fixed image."""

import math
from contextlib import suppress
from typing import NamedTuple

import torch

from lowlight_cli.device import CPU, FP32, Precision
from lowlight_cli.images.padding import padded_side
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.pipeline.device_errors import MEMORY_ERRORS, release
from lowlight_cli.tensors import Images

LARGEST_STEP, MEAN_STEP = 3.0, 0.5
"""Maximum and mean difference to float32, or to the CPU, that are accepted, in units of 1/255."""

_HEIGHT, _WIDTH = 96, 128


class Agreement(NamedTuple):
    """Maximum and mean difference of two results in units of 1/255; infinite without a result."""

    largest: float
    mean: float

    @property
    def is_close(self) -> bool:
        """Whether the difference is accepted."""
        return self.largest <= LARGEST_STEP and self.mean <= MEAN_STEP


_NO_RESULT = Agreement(math.inf, math.inf)


@torch.inference_mode()
def compare_with_float32(enhancer: Enhancer, device: torch.device, precision: Precision) -> Agreement:
    """Compares the results for one fixed image in float32 and another format.

    Args:
        enhancer: In evaluation mode, on ``device``.
        device: Where to compute.
        precision: The format to compare.

    Returns:
        Infinite differences if the model does not support the format, gives values that are not finite, or
        runs out of memory.
    """
    images = trial_image(enhancer.size_multiple).to(device)
    try:
        exact, short = (_enhanced(enhancer, images, each) for each in (FP32, precision))
    except MEMORY_ERRORS as error:  # too little memory, or an operation that does not support the format
        with suppress(RuntimeError):
            release(error, device)
        return _NO_RESULT
    return _agreement(short, exact)


@torch.inference_mode()
def compare_with_cpu(enhancer: Enhancer, device: torch.device, on_cpu: Enhancer) -> Agreement:
    """Compares the results for one fixed image on a device and on the CPU, both in float32.

    Args:
        enhancer: In evaluation mode, on ``device``.
        device: Where to compute.
        on_cpu: The same model on the CPU.

    Raises:
        RuntimeError: The device does not support an operation of the model, or runs out of memory.
    """
    image = trial_image(enhancer.size_multiple)
    return _agreement(_enhanced(enhancer, image.to(device), FP32).to(CPU), _enhanced(on_cpu, image, FP32))


def _agreement(result: Images, exact: Images) -> Agreement:
    steps = (result - exact).abs().mul(255).nan_to_num(math.inf)
    return Agreement(steps.max().item(), steps.mean().item())


def _enhanced(enhancer: Enhancer, images: Images, precision: Precision) -> Images:
    with precision.on(images.device):
        return enhancer.enhance(images, Controls()).float()


def trial_image(multiple: int) -> Images:
    """Dark waves of color and one bright spot; the same on every machine."""
    height, width = padded_side(_HEIGHT, multiple), padded_side(_WIDTH, multiple)
    down = torch.linspace(0, 1, height, dtype=torch.float64)[:, None]
    across = torch.linspace(0, 1, width, dtype=torch.float64)
    waves = [0.08 + 0.07 * torch.cos(9 * (across + k) + 7 * down * (k + 1)) for k in range(3)]
    lamp = 0.7 * torch.exp(-((across - 0.7) ** 2 + (down - 0.3) ** 2) / 0.005)
    return (torch.stack(waves) + lamp).clamp(0, 1)[None].float()
