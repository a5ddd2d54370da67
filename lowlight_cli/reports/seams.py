"""Whether straight steps run through a result at regular distances, as borders of tiles would."""

import cv2
import numpy as np
from jaxtyping import Float

from lowlight_cli.reports.display_image import Luma

SHORTEST_PERIOD = 64
"""Pixels between two seams at least."""

_BANDS, _ROWS_PER_BAND = 16, 24
_REACH = 12
_BLOCK = 8
"""Side of the squares of JPEG, whose own borders must not count."""
_STEP_FLOOR = 0.25
"""Of 255 levels: smaller steps cannot be seen."""


def seam_score(before: Luma, after: Luma) -> float:
    """How much the steps along a lattice of straight lines stand out, in the result against the original.

    Each line between two columns (then rows) gets the step that most of its length makes in the same
    direction, divided by the steps of its neighbors. Where the original has the line too, a door frame say,
    that is divided out. Of all lattices with at least two lines the most suspicious one counts, by its weaker
    lines. It sees hard steps, not slow changes of brightness from tile to tile.

    Returns:
        1 where nothing stands out, 3 for a step three times as high as those around it, and so on.
    """
    if before.shape != after.shape:
        before = cv2.resize(before, after.shape[::-1], interpolation=cv2.INTER_LINEAR)
    across = _strongest_lattice(_prominence(after) / np.maximum(_prominence(before), 1))
    down = _strongest_lattice(_prominence(after.T) / np.maximum(_prominence(before.T), 1))
    return max(1.0, across, down)


def _prominence(luma: Luma) -> Float[np.ndarray, " lines"]:
    """Height of the coherent step between each column and the next, in units of the steps around it."""
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
    """Usual step near each line, and at the same place of the JPEG squares near it; the larger of both."""
    near = [shift for shift in range(-_REACH, _REACH + 1) if abs(shift) > 1]
    alike = [shift * _BLOCK for shift in (-3, -2, -1, 1, 2, 3)]
    padded = np.pad(steps, 3 * _BLOCK, mode="reflect")
    center = np.arange(len(steps)) + 3 * _BLOCK
    return np.maximum(
        np.mean([padded[center + shift] for shift in near], axis=0),
        np.median([padded[center + shift] for shift in alike], axis=0),
    )


def _strongest_lattice(excess: Float[np.ndarray, " lines"]) -> float:
    """The greatest lower median over the lines of a lattice, over all periods and offsets."""
    best = 1.0
    for period in range(SHORTEST_PERIOD, len(excess) // 2 + 1, _BLOCK):
        count = len(excess) // period
        lines = np.sort(excess[: count * period].reshape(count, period), axis=0)
        best = max(best, float(lines[(count - 1) // 2].max()))
    return best
