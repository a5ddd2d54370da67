"""What trainers of detectors accept, applied before they look: they drop or rewrite what breaks the rules.

Source: the checks that Ultralytics makes of every picture and label file, as documented: five columns, values
from 0 to 1, classes below their number, no repeated rows, pictures of ten pixels at least.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lowlight_cli.detection.boxes import Box, clipped
from lowlight_cli.detection.collection import AnnotationError
from lowlight_cli.detection.yolo import yolo_line

SMALLEST_SIDE = 10
"""Pixels; trainers refuse smaller pictures."""

_SMALLEST_BOX = 1e-3
"""Pixels; what is left of a box at the border by rounding covers nothing."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Boxes that fit the rules, and how many were changed or left out.

    Attributes:
        boxes: Inside the picture, not empty, no two alike.
        clipped: Boxes cut at the border of the picture.
        empty: Boxes left out, since they cover nothing of the picture.
        repeated: Boxes left out, since another is equal to them.
    """

    boxes: tuple[Box, ...]
    clipped: int = 0
    empty: int = 0
    repeated: int = 0


def settle(boxes: Sequence[Box], width: int, height: int) -> Settled:
    """Clips boxes to the picture, and leaves out empty and repeated ones.

    Args:
        boxes: In pixels of the picture.
        width: Columns.
        height: Rows.
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
    return Settled(tuple(kept), cut, empty, repeated)


def check_size(name: str, width: int, height: int) -> None:
    """Refuses a picture that trainers refuse.

    Raises:
        AnnotationError: A side is shorter than ten pixels.
    """
    if min(width, height) < SMALLEST_SIDE:
        raise AnnotationError(name, f"{width}x{height} is too small for a detector: ten pixels at least")


def label_text(boxes: Sequence[Box], width: int, height: int) -> str:
    """The label file of a picture; empty for a picture without boxes.

    Args:
        boxes: As ``settle`` gives them.
        width: Columns.
        height: Rows.
    """
    # Two boxes may differ by less than the digits of the file show.
    lines = dict.fromkeys(yolo_line(box, width, height) for box in boxes)
    return "".join(f"{line}\n" for line in lines)


def broken_rules(text: str, class_count: int) -> list[str]:
    """Reasons why a trainer would refuse a label file, or change it; none for one that is right.

    Args:
        text: Content of the file.
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
