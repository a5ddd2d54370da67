"""Boxes in the pixels of the upright picture, whichever way up and in whatever numbers they were given."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lowlight_cli.detection.boxes import Box, turned_upright
from lowlight_cli.detection.collection import AnnotationError, BoxSpace, Sample

_SIDES_SWAPPED = (5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class StoredSize:
    """A picture as its file stores it.

    Attributes:
        width: Columns, before EXIF orientation is applied.
        height: Rows, likewise.
        orientation: EXIF value; 1 is upright.
    """

    width: int
    height: int
    orientation: int = 1

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height as a viewer shows the picture."""
        swapped = self.orientation in _SIDES_SWAPPED
        return (self.height, self.width) if swapped else (self.width, self.height)


@dataclass(frozen=True, slots=True)
class UprightBoxes:
    """Boxes in pixels of the upright picture.

    Attributes:
        boxes: As given; nothing is clipped yet.
        is_guess: Whether the annotation left open which way up its boxes are.
    """

    boxes: tuple[Box, ...]
    is_guess: bool = False


def upright_boxes(sample: Sample, stored: StoredSize, space: BoxSpace) -> UprightBoxes:
    """Puts the boxes of a sample onto the upright picture.

    Args:
        sample: Boxes as the annotation gives them.
        stored: The real picture.
        space: Which way up the boxes were drawn.

    Raises:
        AnnotationError: The annotation states a size that the picture has in no position.
    """
    raw = (stored.width, stored.height)
    if sample.stated_size not in (None, raw, stored.upright):
        stated = "{}x{}".format(*sample.stated_size or ())
        raise AnnotationError(
            str(sample.annotation),
            f"it states {stated}, but {sample.image.name} has {stored.width}x{stored.height}",
        )
    if stored.orientation not in range(2, 9):
        return UprightBoxes(in_pixels(sample.boxes, raw) if sample.relative else sample.boxes)
    is_raw, is_guess = _is_raw(sample, raw, stored.upright, space)
    size = raw if is_raw else stored.upright
    boxes = in_pixels(sample.boxes, size) if sample.relative else sample.boxes
    if is_raw:
        boxes = tuple(turned_upright(box, stored.orientation, *raw) for box in boxes)
    return UprightBoxes(boxes, is_guess)


def _is_raw(
    sample: Sample, raw: tuple[int, int], upright: tuple[int, int], space: BoxSpace
) -> tuple[bool, bool]:
    """Whether boxes lie on the rows as stored, and whether that is a guess."""
    if space is not BoxSpace.BY_SIZE:
        return space is BoxSpace.RAW, False
    if sample.stated_size is None or raw == upright:
        return True, True
    return sample.stated_size == raw, False


def in_pixels(boxes: Sequence[Box], size: tuple[int, int]) -> tuple[Box, ...]:
    """Boxes given in parts of the sides (0 to 1), in pixels.

    Args:
        boxes: Relative boxes.
        size: Width and height of the picture.
    """
    width, height = size
    return tuple(
        replace(
            box,
            left=box.left * width,
            top=box.top * height,
            right=box.right * width,
            bottom=box.bottom * height,
        )
        for box in boxes
    )
