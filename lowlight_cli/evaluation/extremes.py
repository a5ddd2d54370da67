"""Keeps small copies of the worst and the best results while images are scored."""

from pathlib import Path

import cv2
import numpy as np

from lowlight_cli.evaluation.columns import Column
from lowlight_cli.evaluation.grid import EXTREMES
from lowlight_cli.evaluation.result import ScoredImage
from lowlight_cli.evaluation.score_images import Loaded
from lowlight_cli.images.depth import in_depth
from lowlight_cli.images.picture import Pixels, Samples

_HEIGHT = 200
_WIDEST = 360
_GAP = 4
_QUALITY = 82


class Extremes:
    """Keeps a JPEG of dark image, result and reference for each image that is among the extremes so far.

    Args:
        column: Scores that images are ordered by.
    """

    def __init__(self, column: Column) -> None:
        self._column = column
        self._waiting: dict[str, tuple[Loaded, Pixels]] = {}
        self._kept: dict[str, tuple[float, bytes]] = {}

    def made(self, item: Loaded, result: Pixels) -> None:
        """Takes a result whose score is not known yet."""
        self._waiting[item.partners.name] = (item, result)

    def scored(self, image: ScoredImage) -> None:
        """Takes the score of a result, which is kept or dropped."""
        item, result = self._waiting.pop(image.name)
        score = image.values.get(self._column.name)
        if score is None:
            return
        ordered = sorted(value for value, _ in self._kept.values())
        if len(ordered) >= 2 * EXTREMES and ordered[EXTREMES - 1] <= score <= ordered[-EXTREMES]:
            return
        self._kept[image.name] = (score, _side_by_side(item, result))
        if len(self._kept) > 2 * EXTREMES:
            middle = sorted(self._kept, key=lambda name: self._kept[name][0])[EXTREMES]
            del self._kept[middle]

    def failed(self, path: Path) -> None:
        """Drops a result that could not be scored; ``path`` is the image it was made from."""
        self._waiting = {
            name: pair for name, pair in self._waiting.items() if pair[0].partners.picture != path
        }

    def thumbnails(self) -> dict[str, bytes]:
        """Name of an image -> JPEG of it beside its result and its reference."""
        return {name: jpeg for name, (_, jpeg) in self._kept.items()}


def _side_by_side(item: Loaded, result: Pixels) -> bytes:
    sides = [result] if item.pixels is result else [item.pixels, result]
    sides += [item.reference] if item.reference is not None else []
    small = [_small(side) for side in sides]
    gap = np.zeros((small[0].shape[0], _GAP, 3), np.uint8)
    parts = [part for side in small for part in (gap, side)][1:]
    joined = cv2.cvtColor(np.hstack(parts), cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", joined, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()


def _small(pixels: Pixels) -> Samples:
    height, width = pixels.shape[:2]
    scale = min(1.0, _HEIGHT / height, _WIDEST / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(in_depth(pixels, np.uint8), size, interpolation=cv2.INTER_AREA)
