"""How wide the edges of a picture are: the mark of a shaken camera; torch-free.

Along rows and along columns, each edge's rise is divided by its steepest step; that is the width of its ramp
in pixels. Of the strongest edges the narrow ones are taken, so that a soft background behind a sharp subject
does not count, and of both directions the narrower, so that a picture of clouds or stripes seldom does. Noise
makes steps steeper and so edges narrower: a noisy picture is taken for sharp rather than for blurred.

The figures come from held-out photos: docs/models/vqcnir.md.
"""

import cv2
import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from lowlight_cli.images.picture import Pixels

LONG_SIDE = 1024
"""Larger pictures are measured on a copy of this size: blur that is not seen there hardly matters."""

WINDOW = 25
"""Pixels along an edge's rise that are looked at; wider ramps are shading, not edges."""

NARROW_SHARE = 10
"""Percentile of the widths of strong edges that is taken."""

FEWEST = 200
"""Places on strong edges, without which a picture says nothing."""

Plane = Float32[ndarray, "_h _w"]


def edge_width(pixels: Pixels) -> float | None:
    """Width in pixels of the narrow ones among the strong edges; None where there are too few to tell.

    About 2.3 to 3 for sharp photos at 1024 pixels or less, more where the camera moved.

    Args:
        pixels: An sRGB picture of any size.
    """
    if min(pixels.shape[:2]) < 2 * WINDOW:
        return None
    luma = _small_luma(pixels)
    # The median ignores edges; 20 is the sum of the squares of the kernel.
    noise = 1.4826 * float(np.median(np.abs(cv2.Laplacian(luma, cv2.CV_32F)))) / 20**0.5
    smooth = cv2.GaussianBlur(luma, (0, 0), 1.0)
    widths = [_width_along_rows(plane, noise) for plane in (smooth, np.ascontiguousarray(smooth.T))]
    found = [width for width in widths if width is not None]
    return min(found, default=None)


def _small_luma(pixels: Pixels) -> Plane:
    height, width = pixels.shape[:2]
    scale = LONG_SIDE / max(height, width)
    if scale < 1:
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return luma.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def _width_along_rows(luma: Plane, noise: float) -> float | None:
    window = np.ones((1, WINDOW), np.uint8)
    rise = (cv2.dilate(luma, window) - cv2.erode(luma, window))[:, 1:]
    steepest = cv2.dilate(np.abs(np.diff(luma, axis=1)), window)
    is_strong = rise >= max(float(np.quantile(rise, 0.95)), 10 * noise, 0.03)
    if np.count_nonzero(is_strong) < FEWEST:
        return None
    widths = rise[is_strong] / np.maximum(steepest[is_strong], np.float32(1e-6))
    return float(np.percentile(widths, NARROW_SHARE))
