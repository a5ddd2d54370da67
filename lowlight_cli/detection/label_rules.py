"""Rules of detector trainers for images and labels, which otherwise drop or change them silently.

Source: the documented checks of Ultralytics: five columns, values from 0 to 1, known classes, no duplicate
rows, images of at least ten pixels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lowlight_cli.detection.boxes import Box, clipped
from lowlight_cli.detection.collection import AnnotationError
from lowlight_cli.detection.yolo import yolo_line

SMALLEST_SIDE = 10
"""Pixels; trainers reject smaller images."""

_SMALLEST_BOX = 1e-3
"""Pixels; what rounding leaves of a box at the border counts as empty."""


@dataclass(frozen=True, slots=True)
class CleanBoxes:
    """Boxes that follow the rules, and how many were changed or removed.

    Attributes:
        boxes: Boxes inside the image, not empty, without duplicates.
        clipped: Number of boxes clipped to the image.
        empty: Number of boxes removed because they cover nothing of the image.
        repeated: Number of boxes removed because another one is equal.
    """

    boxes: tuple[Box, ...]
    clipped: int = 0
    empty: int = 0
    repeated: int = 0


def clean_boxes(boxes: Sequence[Box], width: int, height: int) -> CleanBoxes:
    """Clips boxes to the image, and removes empty and duplicate ones.

    Args:
        boxes: Boxes in pixels.
        width: Width of the image.
        height: Height of the image.
    """
    kept: dict[Box, None] = {}
    cut = empty = repeated = 0
    for box in boxes:
        inside = clipped(box, width, height) if box.is_finite else box
        if not box.is_finite or inside.width < _SMALLEST_BOX or inside.height < _SMALLEST_BOX:
            empty += 1
        elif inside in kept:
            repeated += 1
        else:
            cut += inside != box
            kept[inside] = None
    return CleanBoxes(tuple(kept), cut, empty, repeated)


def check_size(name: str, width: int, height: int) -> None:
    """Refuses an image that trainers reject.

    Raises:
        AnnotationError: A side is shorter than ten pixels.
    """
    if min(width, height) < SMALLEST_SIDE:
        raise AnnotationError(
            name, f"{width}x{height} is too small for a detector; both sides need {SMALLEST_SIDE} pixels"
        )


def label_text(boxes: Sequence[Box], width: int, height: int) -> str:
    """Text of a YOLO label file; empty for an image without boxes.

    Args:
        boxes: Boxes from ``clean_boxes``.
        width: Width of the image.
        height: Height of the image.
    """
    # Two boxes may differ by less than the digits in the file.
    lines = dict.fromkeys(yolo_line(box, width, height) for box in boxes)
    return "".join(f"{line}\n" for line in lines)


def broken_rules(text: str, class_count: int) -> list[str]:
    """Reasons why a trainer would reject or change a label file; empty for a valid one.

    Args:
        text: Content of the label file.
        class_count: Number of classes.
    """
    rows = [line.split() for line in text.splitlines() if line.strip()]
    if any(len(row) != 5 for row in rows):
        return ["a row has not five columns"]
    values = [[float(word) for word in row] for row in rows]
    sides = [value for row in values for value in row[1:]]
    reasons = {
        "a value is no number": any(not math.isfinite(value) for value in sides),
        "a value lies outside of 0 to 1": any(not 0 <= value <= 1 for value in sides),
        "a class is unknown": any(row[0] != int(row[0]) or not 0 <= row[0] < class_count for row in values),
        "a box covers nothing": any(row[3] <= 0 or row[4] <= 0 for row in values),
        "a row is repeated": len({tuple(row) for row in values}) < len(values),
    }
    return [reason for reason, is_broken in reasons.items() if is_broken]
