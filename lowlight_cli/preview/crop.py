"""Chooses the part of a photo that is shown at full size: dark, and full of detail."""

import cv2
import numpy as np
from jaxtyping import UInt8

from lowlight_cli.errors import UsageError
from lowlight_cli.reports.thumbnails import Region

_SEARCHED_SIDE = 256
"""Long side of the copy that is searched; on it, noise is averaged away."""


def region_around(x: int, y: int, *, width: int, height: int, side: int) -> Region:
    """The region of a photo around a pixel, moved inside the photo.

    Args:
        x: Column of the center.
        y: Row of the center.
        width: Columns of the photo.
        height: Rows of the photo.
        side: Long side of the region, which has the proportions of the photo.

    Raises:
        UsageError: The pixel is outside of the photo.
    """
    if not (0 <= x < width and 0 <= y < height):
        raise UsageError(f"--crop {x},{y} lies outside of the photo, which has {width} x {height} pixels")
    tall, wide = _size(width, height, side)
    top = min(max(0, y - tall // 2), height - tall)
    left = min(max(0, x - wide // 2), width - wide)
    return Region(top, left, tall, wide)


def choose_region(luma: UInt8[np.ndarray, "_h _w"], side: int) -> Region:
    """The region with the most detail in the dark; the center of an even photo.

    Args:
        luma: 8-bit luma of the photo.
        side: Long side of the region in pixels.
    """
    height, width = luma.shape
    tall, wide = _size(width, height, side)
    scale = min(1.0, _SEARCHED_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    light = np.sqrt(cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255)
    window = (max(1, min(size[0], round(wide * scale))), max(1, min(size[1], round(tall * scale))))
    slopes = np.abs(cv2.Sobel(light, cv2.CV_32F, 1, 0)) + np.abs(cv2.Sobel(light, cv2.CV_32F, 0, 1))
    detail, mean = _means(slopes, *window), _means(light, *window)
    score = detail * np.maximum(1 - mean, 0)
    if score.max() - score.min() < 1e-6:
        return region_around(width // 2, height // 2, width=width, height=height, side=side)
    row, column = np.unravel_index(int(score.argmax()), score.shape)
    top = min(round(int(row) / scale), height - tall)
    left = min(round(int(column) / scale), width - wide)
    return Region(top, left, tall, wide)


def _size(width: int, height: int, side: int) -> tuple[int, int]:
    """Height and width of a region with the proportions of the photo, at most as large as it."""
    scale = min(1.0, side / max(width, height))
    return max(1, round(height * scale)), max(1, round(width * scale))


def _means(values: np.ndarray, wide: int, tall: int) -> np.ndarray:
    """Mean of each window that lies inside."""
    sums = cv2.integral(values.astype(np.float64))
    return (sums[tall:, wide:] - sums[:-tall, wide:] - sums[tall:, :-wide] + sums[:-tall, :-wide]) / (
        wide * tall
    )
