"""Measures camera shake as the width of the edges in an image; torch-free.

Along rows and along columns, the width of an edge in pixels is its rise divided by its steepest step. Among
the strongest edges the narrow ones count, so that a soft background behind a sharp subject is ignored; of the
two directions the narrower counts, so that clouds or stripes rarely pass for blur. Noise makes steps steeper
and edges narrower: a noisy image is more likely to count as sharp than as blurred.

Neighboring lines cross the same edges, so every second line is enough; thresholds need even fewer pixels.

Figures from held-out photos: docs/models/vqcnir.md.
"""

import cv2
import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from lowlight_cli.images.picture import Pixels

LONG_SIDE = 1024
"""Larger images are measured on a copy of this size, since blur that is invisible there hardly matters."""

WINDOW = 25
"""Pixels along an edge's rise that are examined; wider ramps are shading, not edges."""

NARROW_SHARE = 10
"""Percentile of the widths of strong edges that is returned."""

MIN_EDGE_PIXELS = 200
"""Pixels on strong edges that an image must have to be measured."""

LINE_STEP = 2
"""Every second line is searched for edges; this changes the width by 0.2 % (median of 374 photos)."""

PIXEL_STEP = 4
"""Every fourth pixel along a line counts for the noise level and the threshold of strong edges."""

Plane = Float32[ndarray, "_h _w"]


def edge_width(pixels: Pixels) -> float | None:
    """Width in pixels of the narrow ones among the strong edges; None if there are too few.

    About 2.3 to 3 for sharp photos at 1024 pixels or less, more if the camera moved.

    Args:
        pixels: An sRGB image of any size.
    """
    if min(pixels.shape[:2]) < 2 * WINDOW:
        return None
    luma = _small_luma(pixels)
    noise = _noise_level(luma)
    smooth = cv2.GaussianBlur(luma, (0, 0), 1.0)
    widths = [_width_along_rows(plane[::LINE_STEP], noise) for plane in (smooth, cv2.transpose(smooth))]
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


def _noise_level(luma: Plane) -> float:
    """Standard deviation of the noise, from the median of the second differences, which ignores edges."""
    seconds = cv2.Laplacian(luma, cv2.CV_32F)[::PIXEL_STEP, ::PIXEL_STEP]
    return 1.4826 * float(np.median(np.abs(seconds))) / 20**0.5  # the sum of the kernel's squares is 20


def _width_along_rows(lines: Plane, noise: float) -> float | None:
    window = np.ones((1, WINDOW), np.uint8)
    rise = cv2.subtract(cv2.dilate(lines, window), cv2.erode(lines, window))[:, 1:]
    steepest = cv2.dilate(cv2.absdiff(lines[:, 1:], lines[:, :-1]), window)
    strong_rise = float(np.quantile(rise[:, ::PIXEL_STEP], 0.95))
    is_strong = rise >= max(strong_rise, 10 * noise, 0.03)
    if np.count_nonzero(is_strong) * LINE_STEP < MIN_EDGE_PIXELS:
        return None
    widths = rise[is_strong] / np.maximum(steepest[is_strong], np.float32(1e-6))
    return float(np.percentile(widths, NARROW_SHARE))
