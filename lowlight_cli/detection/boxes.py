"""Boxes around objects: clipping, EXIF rotation and overlap.

Edges are in pixels from the left or top edge of the image: a box over the whole image runs from 0 to its
width. Numbers are never rounded here.
"""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Box:
    """One object.

    Attributes:
        label: Index of its class.
        left: Left edge in pixels.
        top: Top edge in pixels.
        right: Right edge in pixels.
        bottom: Bottom edge in pixels.
        difficult: Whether VOC marks it as difficult; scores ignore it.
        crowd: Whether COCO marks it as a crowd of objects; scores ignore it.
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
        """Right minus left, in pixels; negative if they are swapped."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Bottom minus top, in pixels; negative if they are swapped."""
        return self.bottom - self.top

    @property
    def is_finite(self) -> bool:
        """Whether no edge is NaN or infinite."""
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
    """The part of a box inside the image; an empty box if there is none.

    Args:
        box: Box in pixels.
        width: Width of the image.
        height: Height of the image.
    """
    left, right = (min(max(edge, 0.0), float(width)) for edge in (box.left, box.right))
    top, bottom = (min(max(edge, 0.0), float(height)) for edge in (box.top, box.bottom))
    return replace(box, left=left, top=top, right=right, bottom=bottom)


def turned_upright(box: Box, orientation: int, width: int, height: int) -> Box:
    """The box after EXIF orientation is applied to the image.

    Source: CIPA DC-008 (Exif 2.32), tag 274; as ``images.orientation.turn_upright`` rotates pixels.

    Args:
        box: Box in pixels of the image as stored.
        orientation: EXIF value 1 to 8; other values leave the box unchanged.
        width: Width of the image as stored.
        height: Height of the image as stored.
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
    """A box from its center and size, in pixels or relative to the image."""
    left, top = center_x - width / 2, center_y - height / 2
    return Box(label, left, top, center_x + width / 2, center_y + height / 2)


def overlap_of(one: Box, other: Box, *, of_first: bool = False) -> float:
    """Intersection over union (IoU).

    Args:
        one: A box.
        other: Another box.
        of_first: Whether to divide by the area of the first box instead of the union, as for crowds.
    """
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    area = one.width * one.height
    return shared / (area if of_first else area + other.width * other.height - shared)
