"""Boxes around objects, and what turning or clipping a picture does to them.

A box is held by its edges in pixels, counted from 0 at the left or top edge of the picture: a box over the
whole picture runs from 0 to its width. Numbers are never rounded here.
"""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Box:
    """One object.

    Attributes:
        label: Index of its class.
        left: Pixels from the left edge of the picture to its left side.
        top: Pixels from the top edge to its top side.
        right: Pixels from the left edge to its right side.
        bottom: Pixels from the top edge to its bottom side.
        difficult: Whether VOC marks it as hard to see; scores leave it out.
        crowd: Whether COCO marks it as many objects in one.
    """

    label: int
    left: float
    top: float
    right: float
    bottom: float
    difficult: bool = False
    crowd: bool = False

    @property
    def width(self) -> float:
        """Pixels from side to side; negative where the sides are swapped."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels from top to bottom, likewise."""
        return self.bottom - self.top

    @property
    def is_finite(self) -> bool:
        """Whether every edge is a number."""
        return all(map(math.isfinite, (self.left, self.top, self.right, self.bottom)))

    @property
    def is_empty(self) -> bool:
        """Whether it covers nothing."""
        return not (self.width > 0 and self.height > 0)

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return self.left, self.top, self.right, self.bottom


def clipped(box: Box, width: int, height: int) -> Box:
    """The part of a box that lies inside the picture; empty where none does.

    Args:
        box: In a picture of ``width`` times ``height`` pixels.
        width: Columns.
        height: Rows.
    """
    left, right = (min(max(edge, 0.0), float(width)) for edge in (box.left, box.right))
    top, bottom = (min(max(edge, 0.0), float(height)) for edge in (box.top, box.bottom))
    return replace(box, left=left, top=top, right=right, bottom=bottom)


def turned_upright(box: Box, orientation: int, width: int, height: int) -> Box:
    """Where a box of the stored rows lies once EXIF orientation is applied to the pixels.

    Source: CIPA DC-008 (Exif 2.32), tag 274; the same turns as ``images.orientation.turn_upright``.

    Args:
        box: In the picture as stored.
        orientation: EXIF value 1 to 8; any other leaves the box as it is.
        width: Columns as stored.
        height: Rows as stored.
    """
    left, top, right, bottom = box.edges
    if orientation in (5, 6, 7, 8):
        left, top, right, bottom = top, left, bottom, right
        width, height = height, width
    if orientation in (2, 3, 6, 7):
        left, right = width - right, width - left
    if orientation in (3, 4, 7, 8):
        top, bottom = height - bottom, height - top
    return replace(box, left=left, top=top, right=right, bottom=bottom)


def from_center(label: int, center_x: float, center_y: float, width: float, height: float) -> Box:
    """A box by its center and sides, all in pixels."""
    left, top = center_x - width / 2, center_y - height / 2
    return Box(label, left, top, center_x + width / 2, center_y + height / 2)


def overlap_of(one: Box, other: Box, *, of_first: bool = False) -> float:
    """Intersection over union, or over the first box alone.

    Args:
        one: A box.
        other: Another.
        of_first: Whether the first box's area is the measure, as for crowds.
    """
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    area = one.width * one.height
    return shared / (area if of_first else area + other.width * other.height - shared)
