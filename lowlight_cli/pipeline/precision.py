"""Chooses the number format: ``auto`` takes a 16-bit one if it agrees with float32 and is faster."""

import math
from typing import NamedTuple

import torch

from lowlight_cli.device import FP32, Precision, choose_precision, is_surely_fast, short_formats
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.pipeline.agreement import Agreement, compare_with_float32, trial_image
from lowlight_cli.pipeline.speed_trial import SpeedTrial

FASTER = 1.1
"""Minimum speed of a 16-bit format relative to float32."""


class Choice(NamedTuple):
    """A number format, and why it was chosen."""

    precision: Precision
    reason: str


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
            speed = trial.speed(precision, enhancer, trial_image(enhancer.size_multiple))
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


def _describe(agreement: Agreement) -> str:
    if math.isinf(agreement.largest):
        return "gives no result"
    return (
        f"differs from fp32 by {agreement.largest:.1f}/255 at most and {agreement.mean:.2f}/255 on average "
        "in a test image"
    )
