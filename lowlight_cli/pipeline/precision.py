"""Chooses the number format: ``auto`` takes a 16-bit one if it agrees with float32 and is faster."""

import math
from contextlib import suppress
from typing import NamedTuple

import torch

from lowlight_cli.device import FP32, Precision, choose_precision, is_surely_fast, short_formats
from lowlight_cli.images.padding import padded_side
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.pipeline.device_errors import MEMORY_ERRORS, release
from lowlight_cli.pipeline.speed_trial import SpeedTrial
from lowlight_cli.tensors import Images

FASTER = 1.1
"""Minimum speed of a 16-bit format relative to float32."""

LARGEST_STEP, MEAN_STEP = 3.0, 0.5
"""Maximum and mean difference to float32 that are accepted, in units of 1/255."""

_HEIGHT, _WIDTH = 96, 128


class Choice(NamedTuple):
    """A number format, and why it was chosen."""

    precision: Precision
    reason: str


class Agreement(NamedTuple):
    """Maximum and mean difference to float32 in units of 1/255; infinite without a result."""

    largest: float
    mean: float

    @property
    def is_close(self) -> bool:
        """Whether the difference is accepted."""
        return self.largest <= LARGEST_STEP and self.mean <= MEAN_STEP


_NO_RESULT = Agreement(math.inf, math.inf)


def choose_for(name: str, enhancer: Enhancer, device: torch.device, trial: SpeedTrial) -> Choice:
    """Chooses the number format for a model.

    ``auto`` tries the 16-bit formats of the device, the more precise one first. A format must give nearly the
    same image as float32, and on a CPU without matrix units it must be faster in a trial.

    Args:
        name: ``auto``, ``fp32``, ``tf32``, ``bf16`` or ``fp16``.
        enhancer: The model, on ``device``.
        device: Where it will run.
        trial: Measures the speed of a format.

    Raises:
        UnknownNameError: ``name`` is none of these.
        UsageError: The device has no TF32.
    """
    if name != "auto":
        return Choice(choose_precision(name, device), "as requested")
    formats = short_formats(device)
    if not formats:
        return Choice(FP32, f"the {device.type.upper()} has no fast 16-bit arithmetic")
    objections = []
    for precision in formats:
        if not is_surely_fast(precision, device):
            speed = trial.speed(precision, enhancer, _test_image(enhancer.size_multiple))
            if speed < FASTER:
                ratio = f"runs at {speed:.2f} times the speed of fp32 here" if speed else "failed in a trial"
                objections.append(f"{precision.name} {ratio}")
                continue
        agreement = compare_with_float32(enhancer, device, precision)
        difference = _describe(agreement)
        if agreement.is_close:
            return Choice(precision, f"{precision.name} {difference}")
        is_measured = math.isfinite(agreement.largest)
        objections.append(f"{precision.name} {difference}" + (", which is too much" if is_measured else ""))
    return Choice(FP32, "; ".join(objections))


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
    images = _test_image(enhancer.size_multiple).to(device)
    try:
        exact, short = (_enhanced(enhancer, images, each) for each in (FP32, precision))
    except MEMORY_ERRORS as error:  # too little memory, or an operation that does not support the format
        with suppress(RuntimeError):
            release(error, device)
        return _NO_RESULT
    steps = (short - exact).abs().mul(255).nan_to_num(math.inf)
    return Agreement(steps.max().item(), steps.mean().item())


def _enhanced(enhancer: Enhancer, images: Images, precision: Precision) -> Images:
    with precision.on(images.device):
        return enhancer.enhance(images, Controls()).float()


def _describe(agreement: Agreement) -> str:
    if math.isinf(agreement.largest):
        return "gives no result"
    return (
        f"differs from fp32 by {agreement.largest:.1f}/255 at most and {agreement.mean:.2f}/255 on average "
        "in a test image"
    )


def _test_image(multiple: int) -> Images:
    """Dark waves of color and one bright spot; the same on every machine."""
    height, width = padded_side(_HEIGHT, multiple), padded_side(_WIDTH, multiple)
    down = torch.linspace(0, 1, height, dtype=torch.float64)[:, None]
    across = torch.linspace(0, 1, width, dtype=torch.float64)
    waves = [0.08 + 0.07 * torch.cos(9 * (across + k) + 7 * down * (k + 1)) for k in range(3)]
    lamp = 0.7 * torch.exp(-((across - 0.7) ** 2 + (down - 0.3) ** 2) / 0.005)
    return (torch.stack(waves) + lamp).clamp(0, 1)[None].float()
