"""Original and result -> numbers that tell whether the result needs a look."""

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
    """Two pictures compared.

    Attributes:
        before: Light in the original.
        after: Light in the result.
        noise_before: Standard deviation of the noise in the original, as a share of the range.
        noise_after: The same of the result.
        cast: Shift of the color of the light, as delta E at equal lightness.
        seams: How much a lattice of straight steps stands out; 1 where none does.
    """

    before: ExposureStats
    after: ExposureStats
    noise_before: float
    noise_after: float
    cast: float
    seams: float

    @property
    def gain(self) -> float:
        """How many times as bright the result is."""
        return max(self.after.luma, _DARKEST) / max(self.before.luma, _DARKEST)

    @property
    def noise(self) -> float:
        """How many times as noisy the result is."""
        return self.noise_after / self.noise_before

    @property
    def noise_share(self) -> float:
        """How many times as noisy the result is, in proportion to its brightness: 1 for a mere gain."""
        return self.noise / self.gain


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
"""Standard deviation that rounding to 8 bits alone makes; less cannot be measured."""


def noise_level(view: DisplayImage) -> float:
    """Standard deviation of the noise in brightness, as a share of the range.

    Looks at windows spread evenly over the picture at its full size, since averaging down would hide noise,
    and takes the median of them, so that a few windows full of texture do not count as noise.
    """
    levels = [_immerkaer(window) for window in _windows(view.luma)]
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
