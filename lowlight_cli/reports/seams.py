"""Detection of tile seams: straight edges at regular distances in a result."""

import cv2
import numpy as np
from jaxtyping import Float

from lowlight_cli.reports.display_image import Luma

SHORTEST_PERIOD = 64
"""Shortest distance of two seams, in pixels."""

_BANDS, _ROWS_PER_BAND = 16, 24
_REACH = 12
_BLOCK = 8
"""Side of JPEG blocks, whose borders must not count."""
_STEP_FLOOR = 0.25
"""Of 255 levels: smaller steps are invisible."""


def seam_score(before: Luma, after: Luma) -> float:
    """How much the strongest lattice of straight edges stands out in the result, relative to the original.

    Each line between two columns (then rows) gets the height of its coherent step, divided by those of its
    neighbors. Lines that the original has too, such as a door frame, are divided out. Of all lattices with
    at least two lines the strongest one counts, by the lower median of its lines. Gradual changes of
    brightness from tile to tile are not detected.

    Args:
        before: Luma of the original.
        after: Luma of the result; may have another size.

    Returns:
        1 if nothing stands out, 3 for steps three times as high as those around them.
    """
    if before.shape != after.shape:
        before = cv2.resize(before, after.shape[::-1], interpolation=cv2.INTER_LINEAR)
    across = _strongest_lattice(_prominence(after) / np.maximum(_prominence(before), 1))
    down = _strongest_lattice(_prominence(after.T) / np.maximum(_prominence(before.T), 1))
    return max(1.0, across, down)


def _prominence(luma: Luma) -> Float[np.ndarray, " lines"]:
    """Height of the coherent step between each column and the next, relative to the steps around it."""
    height, width = luma.shape
    if width < 2 * SHORTEST_PERIOD or height < 2:
        return np.ones(max(width - 1, 1))
    tops = np.unique(np.linspace(0, max(0, height - _ROWS_PER_BAND), _BANDS).astype(int))
    steps = np.zeros(width - 1)
    for top in tops:
        band = luma[top : top + _ROWS_PER_BAND].astype(np.int16)
        steps += np.abs(np.median(np.diff(band, axis=1), axis=0)) / len(tops)
    return (steps + _STEP_FLOOR) / (_surroundings(steps) + _STEP_FLOOR)


def _surroundings(steps: Float[np.ndarray, " lines"]) -> Float[np.ndarray, " lines"]:
    """The mean step near each line, or the median step at the same offset in nearby JPEG blocks if larger."""
    near = [shift for shift in range(-_REACH, _REACH + 1) if abs(shift) > 1]
    aligned = [shift * _BLOCK for shift in (-3, -2, -1, 1, 2, 3)]
    padded = np.pad(steps, 3 * _BLOCK, mode="reflect")
    center = np.arange(len(steps)) + 3 * _BLOCK
    return np.maximum(
        np.mean([padded[center + shift] for shift in near], axis=0),
        np.median([padded[center + shift] for shift in aligned], axis=0),
    )


def _strongest_lattice(excess: Float[np.ndarray, " lines"]) -> float:
    """The largest lower median of the lines of a lattice, over all periods and offsets."""
    best = 1.0
    for period in range(SHORTEST_PERIOD, len(excess) // 2 + 1, _BLOCK):
        count = len(excess) // period
        lines = np.sort(excess[: count * period].reshape(count, period), axis=0)
        best = max(best, float(lines[(count - 1) // 2].max()))
    return best
