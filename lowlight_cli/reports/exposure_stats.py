"""Exposure of an image: mean, histogram, clipped and deep-shadow shares, and mean color."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from lowlight_cli.reports.display_image import DisplayImage

BINS = 64
CLIPPED_FROM = 254
"""Of 255: a channel at or above this is clipped; JPEG moves white by one."""
DEEP_BELOW = 0.05
"""Luma in [0, 1] below which a pixel is in deep shadow."""

_LEVELS = np.arange(256, dtype=np.float64)
_MOST_PIXELS = 400_000
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _TO_XYZ.sum(1)


class ExposureStats(NamedTuple):
    """Exposure of one image.

    Attributes:
        luma: Mean luma of the sRGB values, in [0, 1].
        histogram: Share of the pixels in each of ``BINS`` equal steps of luma.
        clipped: Share of the pixels with a channel at ``CLIPPED_FROM`` or above.
        deep: Share of the pixels in deep shadow.
        constant: Whether all pixels are equal.
        mean: Mean red, green and blue in linear light, in [0, 1]: the gray-world estimate of the illuminant.
    """

    luma: float
    histogram: tuple[float, ...]
    clipped: float
    deep: float
    constant: bool
    mean: tuple[float, float, float]


def exposure_stats(image: DisplayImage) -> ExposureStats:
    """Measures the visible pixels of an image; of a large image, a regular grid of about 400,000."""
    sampled = image.subsampled(_MOST_PIXELS)
    counts = np.bincount(sampled.visible_luma, minlength=256).astype(np.float64)
    shares, pixels = counts / counts.sum(), sampled.visible_pixels
    return ExposureStats(
        luma=float(shares @ _LEVELS / 255),
        histogram=tuple(float(share) for share in shares.reshape(BINS, -1).sum(1)),
        clipped=float((pixels.max(axis=1) >= CLIPPED_FROM).mean()),
        deep=float(shares[_LEVELS < DEEP_BELOW * 255].sum()),
        constant=bool(np.count_nonzero(counts) == 1 and (image.visible_pixels == pixels[0]).all()),
        mean=_mean_light(pixels),
    )


def cast_shift(before: ExposureStats, after: ExposureStats) -> float:
    """Change of the mean color beyond the change of brightness, as CIE 1976 delta E.

    The mean color of the original is scaled to the luminance of the result, since the brightness differs
    on purpose.

    Source: CIE 15:2004 for L*a*b*.
    """
    first, second = (_TO_XYZ @ np.array(light.mean) / _WHITE for light in (before, after))
    if min(first[1], second[1]) <= 0:
        return 0.0
    return math.dist(_lab(first * second[1] / first[1]), _lab(second))


def _mean_light(pixels: UInt8[np.ndarray, "n 3"]) -> tuple[float, float, float]:
    """Mean of each channel in linear light (IEC 61966-2-1)."""
    coded = _LEVELS / 255
    # Not SRGB_CURVE: its parameters are reciprocals, which changes the last digits that JSON reports print.
    light = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    red, green, blue = (np.bincount(pixels[:, i], minlength=256) @ light / len(pixels) for i in range(3))
    return (float(red), float(green), float(blue))


def _lab(xyz: Float[np.ndarray, " 3"]) -> tuple[float, float, float]:
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return (float(116 * y - 16), float(500 * (x - y)), float(200 * (y - z)))
