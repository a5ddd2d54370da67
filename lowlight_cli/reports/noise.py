"""How noisy a picture looks.

Source: Immerkær, "Fast Noise Variance Estimation", 1996, eq. 4.
"""

import math

import cv2
import numpy as np

from lowlight_cli.reports.view import Luma, View

_SIDE = 128
_WINDOWS = 8
"""Windows per axis: 64 of them hold one megapixel."""
_MASK = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_ROUNDING = 1 / (255 * math.sqrt(12))
"""Standard deviation that rounding to 8 bits alone makes; less cannot be measured."""


def noise_level(view: View) -> float:
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
