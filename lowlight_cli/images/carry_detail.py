"""Carries the result of a reduced copy to a large image: edge-aware, with fine noise left out.

The result at full size is the enlarged result of the copy plus fine detail of the image, lifted as the copy
was. How strongly detail is added follows a local linear model of the copy (the slope of a guided filter:
He et al., "Guided Image Filtering", 2013, eq. 5; computed at reduced size as in He & Sun, "Fast Guided
Filter", 2015). Detail that is as weak as the noise is left out, as by a Wiener filter with local variances.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lowlight_cli.images.picture import Pixels
from lowlight_cli.processors import usable_processors

Plane = NDArray[Any]
"""Floating point values, (h, w) or (h, w, channels)."""

RADIUS = 2
"""Radius of the boxes of the linear model, in pixels of the copy."""

LEAST_VARIANCE = 1e-4
"""Variance below which the slope follows from the gain rather than from the changes in the copy."""

STEEPEST = 4.0
"""Highest slope."""

NOISE_RADIUS = 3
"""Radius of the boxes in which detail is compared with noise, in pixels of the large image."""

NOISE_FACTOR = 1.5
"""Detail with less than this many times the variance of the noise is left out."""

LEVELS = 16
"""Levels of brightness for which the noise is measured."""

NOISE_SHARE = 30
"""Percentile of local variances that is taken for noise: much of a photo is flat at the smallest scale."""

FEWEST = 200
"""Variances that a level needs; others take those of their neighbors."""

FULLY_LIFTED = 6.0
"""Gain from which noise is left out completely; without a gain the image stays as it is."""

STRIP = 64
"""Rows that are computed at a time."""

SAMPLES = 24
"""Number of strips in which the noise is measured, at least."""


def carry_detail(pixels: Pixels, small: Plane, made: Plane) -> Pixels:
    """The large image, enhanced as its copy was.

    Args:
        pixels: The large image, (h, w, 3), uint8 or uint16.
        small: A reduced copy that shows the same area, sRGB in [0, 1], (h', w', 3).
        made: Result for the copy, same shape.

    Returns:
        (h, w, 3) in the type of ``pixels``.
    """
    carrier = _Carrier.of(pixels, small, made)
    result = np.empty_like(pixels)

    def fill(rows: slice) -> None:
        result[rows] = carrier.strip(rows)

    with ThreadPoolExecutor(usable_processors()) as pool:
        list(pool.map(fill, _strips(len(pixels))))
    return result


def _strips(height: int) -> Iterator[slice]:
    for top in range(0, height, STRIP):
        yield slice(top, min(top + STRIP, height))


@dataclass(frozen=True, slots=True)
class _Carrier:
    """The large image and maps of its copy, from which each strip of the result follows.

    Attributes:
        pixels: The large image.
        curve: Lifted value of each value of a pixel.
        lifted: The copy after the lift.
        made: Result for the copy.
        slope: How much detail is added, for each color.
        shares: Two planes: variance of the noise, and the share of the noise that is left out.
    """

    pixels: Pixels
    curve: Plane
    lifted: Plane
    made: Plane
    slope: Plane
    shares: Plane

    @classmethod
    def of(cls, pixels: Pixels, small: Plane, made: Plane) -> "_Carrier":
        gain = float(_gain(small.mean(), made.mean()))
        lifted = _lift(small, gain)
        top = np.iinfo(pixels.dtype).max
        curve = _lift(np.arange(top + 1, dtype=np.float32) / np.float32(top), gain)
        local_gain = _gain(_box(small.mean(2), RADIUS), _box(made.mean(2), RADIUS))[..., None]
        expected = _steepness(small, local_gain) / _steepness(small, gain)
        slope = _slope(lifted, made, expected.astype(np.float32))
        left_out = _smoothstep(np.log(local_gain) / np.log(FULLY_LIFTED))
        carrier = cls(pixels, curve, lifted, made, slope, np.dstack((left_out, left_out)))
        noise = carrier.noise_by_level()
        levels = np.interp(lifted.mean(2) * LEVELS - 0.5, np.arange(LEVELS), noise)
        carrier.shares[..., 0] = NOISE_FACTOR * levels
        return carrier

    def noise_by_level(self) -> NDArray[Any]:
        """Variance of the noise at each level of brightness, measured in some of the strips."""
        strips = list(_strips(len(self.pixels)))
        found = [self._variances(rows) for rows in strips[:: max(1, len(strips) // SAMPLES)]]
        levels = np.concatenate([level for level, _ in found])
        variances = np.concatenate([variance for _, variance in found])
        by_level = [variances[levels == level] for level in range(LEVELS)]
        known = [level for level in range(LEVELS) if len(by_level[level]) >= FEWEST]
        if not known:
            return np.zeros(LEVELS)
        noise = [np.percentile(by_level[level], NOISE_SHARE) for level in known]
        return np.interp(np.arange(LEVELS), known, noise)

    def _variances(self, rows: slice) -> tuple[NDArray[Any], Plane]:
        """Level of brightness, and variance of the detail, at every eighth pixel along both sides."""
        lifted = self._enlarged(self.lifted, rows)
        variance = _energy(np.take(self.curve, self.pixels[rows]) - lifted)[4::8, 4::8]
        levels = np.clip(lifted[4::8, 4::8].mean(2) * LEVELS, 0, LEVELS - 1).astype(np.int64)
        return levels.ravel(), variance.ravel()

    def strip(self, rows: slice) -> Pixels:
        """Some rows of the result."""
        # Some more rows, so that the boxes at the border of a strip are complete.
        above, below = min(NOISE_RADIUS, rows.start), min(NOISE_RADIUS, len(self.pixels) - rows.stop)
        wider = slice(rows.start - above, rows.stop + below)
        inner = slice(above, above + rows.stop - rows.start)
        detail = np.take(self.curve, self.pixels[wider])
        detail -= self._enlarged(self.lifted, wider)
        energy = _energy(detail)[inner]
        noise, share = np.moveaxis(self._enlarged(self.shares, rows), 2, 0)
        weight = 1 - share * np.minimum(noise / np.maximum(energy, 1e-12), 1)
        result = detail[inner]
        result *= self._enlarged(self.slope, rows)
        result *= weight[..., None]
        result += self._enlarged(self.made, rows)
        top = np.iinfo(self.pixels.dtype).max
        np.clip(result, 0, 1, out=result)
        result *= np.float32(top)
        return np.rint(result, out=result).astype(self.pixels.dtype)

    def _enlarged(self, planes: Plane, rows: slice) -> Plane:
        """Rows of a map of the copy at full size; the same for any division into strips."""
        height, width = self.pixels.shape[:2]
        position = (np.arange(rows.start, rows.stop) + 0.5) * len(planes) / height - 0.5
        first = np.floor(position).astype(np.int64)
        taps = _cubic((position - first).astype(np.float32))
        lines = np.zeros((len(first), *planes.shape[1:]), np.float32)
        for i in range(4):
            lines += taps[i][:, None, None] * planes[np.clip(first + i - 1, 0, len(planes) - 1)]
        return cv2.resize(lines, (width, len(first)), interpolation=cv2.INTER_CUBIC)


def _cubic(share: Plane) -> tuple[Plane, ...]:
    """Weights of four neighbors for positions between the middle two, as in OpenCV's INTER_CUBIC."""
    a, rest = np.float32(-0.75), 1 - share
    before = ((a * (share + 1) - 5 * a) * (share + 1) + 8 * a) * (share + 1) - 4 * a
    left = ((a + 2) * share - (a + 3)) * share * share + 1
    right = ((a + 2) * rest - (a + 3)) * rest * rest + 1
    return before, left, right, 1 - before - left - right


def _gain(before: Any, after: Any) -> Any:  # noqa: ANN401 - numbers or arrays
    """Gain of at least 1 whose curve (``layers.exposure.lift``) takes one lightness to another."""
    low, high = np.clip(before, 1e-4, 1 - 1e-4), np.clip(after, 1e-4, 1 - 1e-4)
    return np.maximum(high / (1 - high) * (1 - low) / low, 1.0)


def _lift(values: Plane, gain: float) -> Plane:
    return (gain * values / (1 + (gain - 1) * values)).astype(np.float32)


def _steepness(values: Plane, gain: Any) -> Plane:  # noqa: ANN401 - a number or an array
    """Derivative of ``_lift``."""
    return gain / (1 + (gain - 1) * values) ** 2


def _slope(lifted: Plane, made: Plane, expected: Plane) -> Plane:
    """Slope of the local linear model from the lifted copy to its result, for each color, 0 to 4.

    Args:
        lifted: The copy after the lift.
        made: Result for the copy.
        expected: Slope where the copy hardly changes.
    """
    mean, mean_made = _box(lifted, RADIUS), _box(made, RADIUS)
    covariance = _box(lifted * made, RADIUS) - mean * mean_made
    variance = _box(lifted * lifted, RADIUS) - mean * mean
    slope = (covariance + LEAST_VARIANCE * expected) / (variance + LEAST_VARIANCE)
    return np.clip(_box(slope, RADIUS), 0, STEEPEST)


def _energy(detail: Plane) -> Plane:
    """Mean square of the detail around each pixel, over all colors, (h, w)."""
    return _box(np.einsum("hwc,hwc->hw", detail, detail) / 3, NOISE_RADIUS)


def _box(planes: Plane, radius: int) -> Plane:
    return cv2.blur(planes, (2 * radius + 1,) * 2, borderType=cv2.BORDER_REFLECT_101)


def _smoothstep(value: Plane) -> Plane:
    value = np.clip(value, 0, 1).astype(np.float32)
    return value * value * (3 - 2 * value)
