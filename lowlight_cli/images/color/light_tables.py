"""Builds and applies the lookup tables between channel values and linear light."""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lowlight_cli.images.color.icc_profile import Curve, Numbers
from lowlight_cli.images.picture import Samples

SRGB_MATRIX = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
"""Linear sRGB to XYZ under D50."""

_STRIP_PIXELS = 2**18

Floats = NDArray[Any]
"""float32, of any shape."""

Depth = type[np.uint8] | type[np.uint16]


def strips(samples: Samples) -> Iterator[slice]:
    """Slices of rows with about 260,000 pixels each; float copies of a whole photo would take gigabytes."""
    height, width = samples.shape[:2]
    step = max(1, _STRIP_PIXELS // width)
    return (slice(top, min(top + step, height)) for top in range(0, height, step))


def channel_values(depth: "Depth | np.dtype[Any]") -> Numbers:
    """Every value of a channel, scaled to [0, 1]."""
    return np.linspace(0, 1, np.iinfo(depth).max + 1)


def light_of_values(curve: Curve, depth: "np.dtype[Any]") -> Floats:
    """Linear light of every value of a channel."""
    return curve(channel_values(depth)).astype(np.float32)


def values_of_light(curve: Curve, depth: Depth) -> Samples:
    """Channel values for 65536 amounts of light, spaced evenly by their square root as perception is."""
    values = channel_values(np.uint16)
    found = np.interp(values**2, np.maximum.accumulate(curve(values)), values)
    return (found * np.iinfo(depth).max).round().astype(depth)


def light_steps(light: Floats) -> Samples:
    """Indices of amounts of light in a table of ``values_of_light``."""
    return (np.sqrt(light) * np.float32(65535) + np.float32(0.5)).astype(np.uint16)


def look_up(table: Samples, samples: Samples) -> Samples:
    """The table's entry for each sample."""
    return np.take(table, samples)


def to_light(tables: list[Floats], samples: Samples) -> Floats:
    """Linear light of samples (h, w, channels), by one table for each channel."""
    light: Floats = cv2.merge([look_up(table, samples[..., i]) for i, table in enumerate(tables)])
    return light


def mixed(light: Floats, matrix: Numbers) -> Floats:
    """Light (h, w, 3) in other primaries."""
    result: Floats = cv2.transform(light, matrix)
    return result


def to_values(tables: list[Samples], light: Floats) -> Samples:
    """Channel values of light (h, w, 3) in [0, 1]."""
    steps = light_steps(light)
    return cv2.merge([look_up(table, steps[..., i]) for i, table in enumerate(tables)])
