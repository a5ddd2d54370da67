"""Converts between sRGB values and linear light, as tensors; arrays use ``icc_profile.SRGB_CURVE``.

Source: IEC 61966-2-1 (sRGB).
"""

from collections.abc import Callable

from torch import Tensor, lerp, where

from lowlight_cli.tensors import Images

Power = Callable[[Tensor, float], Tensor]
"""Raises values to a positive power, into a new tensor; negative values count as 0."""


def _exact_power(values: Tensor, exponent: float) -> Tensor:
    return values.clamp_min(0) ** exponent


def fast_power(values: Tensor, exponent: Tensor | float) -> Tensor:
    """A positive power of values of at least 0; three times as fast as ``Tensor.pow`` on a CPU.

    Results differ from it in the last digits, so code that is compared with stored results stays with one.
    """
    # The logarithm of exactly 0 is thirty times as slow.
    return values.clamp(min=1e-10).log_().mul_(exponent).exp_()


def to_light(images: Images, power: Power = _exact_power) -> Images:
    """Linear light in [0, 1] of sRGB values in [0, 1]."""
    return where(images <= 0.04045, images / 12.92, power((images + 0.055).div_(1.055), 2.4))


def to_srgb(light: Images, power: Power = _exact_power) -> Images:
    """SRGB values in [0, 1] of linear light in [0, 1]."""
    curve = power(light, 1 / 2.4).mul_(1.055).sub_(0.055)
    return where(light <= 0.0031308, light * 12.92, curve)


def mix_light(first: Images, second: Images, amount: float) -> Images:
    """Blends two sRGB batches in linear light: 0 returns ``first``, 1 returns ``second``."""
    if amount == 1.0:
        return second
    return to_srgb(lerp(to_light(first), to_light(second), amount))
