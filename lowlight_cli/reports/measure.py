"""Original and result -> the numbers that flags are based on."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from lowlight_cli.reports.display_image import DisplayImage, Luma
from lowlight_cli.reports.exposure_stats import ExposureStats, cast_shift, exposure_stats
from lowlight_cli.reports.seams import seam_score

_DARKEST = 1 / 255


@dataclass(frozen=True, slots=True)
class Measures:
    """An original and its result compared.

    Attributes:
        before: Exposure of the original.
        after: Exposure of the result.
        noise_before: Standard deviation of the noise in the original, in [0, 1].
        noise_after: The same for the result.
        cast: Change of the mean color at equal luminance, as delta E.
        seams: How much a lattice of straight edges stands out; 1 without any.
    """

    before: ExposureStats
    after: ExposureStats
    noise_before: float
    noise_after: float
    cast: float
    seams: float

    @property
    def gain(self) -> float:
        """Mean luma of the result divided by that of the original."""
        return max(self.after.luma, _DARKEST) / max(self.before.luma, _DARKEST)

    @property
    def noise(self) -> float:
        """Noise of the result divided by that of the original."""
        return self.noise_after / self.noise_before


def measure(before: DisplayImage, after: DisplayImage) -> Measures:
    """Compares an original with its result."""
    first, second = exposure_stats(before), exposure_stats(after)
    return Measures(
        before=first,
        after=second,
        noise_before=noise_level(before),
        noise_after=noise_level(after),
        cast=cast_shift(first, second),
        seams=seam_score(before.luma, after.luma),
    )


_SIDE = 128
_WINDOWS = 8
"""Windows per axis: 64 of them hold one megapixel."""
_MASK = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_ROUNDING = 1 / (255 * math.sqrt(12))
"""Standard deviation of rounding to 8 bits; less cannot be measured."""


def noise_level(image: DisplayImage) -> float:
    """Standard deviation of the luma noise, in [0, 1].

    Measures evenly spread windows at full size, since downscaling would hide noise, and takes their median,
    so that a few textured windows do not count.

    Source: Immerkær, "Fast Noise Variance Estimation", 1996.
    """
    levels = [_immerkaer(window) for window in _windows(image.luma)]
    return max(float(np.median(levels)) if levels else 0.0, _ROUNDING)


def _immerkaer(luma: Luma) -> float:
    response = cv2.filter2D(luma.astype(np.float32), -1, _MASK)[1:-1, 1:-1]
    return float(np.abs(response).mean() * math.sqrt(math.pi / 2) / 6 / 255)


def _windows(luma: Luma) -> list[Luma]:
    height, width = luma.shape
    return [
        luma[top : top + _SIDE, left : left + _SIDE] for top in _starts(height) for left in _starts(width)
    ] * (min(height, width) >= 3)


def _starts(size: int) -> list[int]:
    count = max(1, min(_WINDOWS, size // _SIDE))
    return [round(start) for start in np.linspace(0, max(0, size - _SIDE), count)]
