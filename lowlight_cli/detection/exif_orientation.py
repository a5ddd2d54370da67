"""Boxes as annotated -> boxes in pixels of the upright image."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lowlight_cli.detection.boxes import Box, turned_upright
from lowlight_cli.detection.collection import AnnotationError, BoxSpace, Sample
from lowlight_cli.images.codecs.header import read_header
from lowlight_cli.images.formats import format_of

_SIDES_SWAPPED = (5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class StoredSize:
    """Size of an image as its file stores it.

    Attributes:
        width: Columns before EXIF orientation is applied.
        height: Rows before EXIF orientation is applied.
        orientation: EXIF value; 1 is upright.
    """

    width: int
    height: int
    orientation: int = 1

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height after EXIF orientation is applied."""
        swapped = self.orientation in _SIDES_SWAPPED
        return (self.height, self.width) if swapped else (self.width, self.height)


def read_stored_size(sample: Sample) -> StoredSize:
    """Size of a sample's image, from its header; raw files and HEIC are decoded, upright.

    Raises:
        ImageError: The image cannot be read.
    """
    if format_of(sample.image) in ("raw", "heif"):
        from lowlight_cli.images.decode import decode

        picture = decode(sample.image)
        return StoredSize(picture.width, picture.height)
    header = read_header(sample.image)
    return StoredSize(header.width, header.height, header.orientation)


@dataclass(frozen=True, slots=True)
class UprightBoxes:
    """Boxes in pixels of the upright image.

    Attributes:
        boxes: Boxes, not clipped.
        is_guess: Whether the annotation does not tell which pixels its boxes refer to.
    """

    boxes: tuple[Box, ...]
    is_guess: bool = False


def upright_boxes(sample: Sample, stored: StoredSize, space: BoxSpace) -> UprightBoxes:
    """Converts the boxes of a sample to pixels of the upright image.

    Args:
        sample: Boxes as annotated.
        stored: Size and orientation of the image.
        space: The pixels that the boxes refer to.

    Raises:
        AnnotationError: The annotation states a size that the image has in neither orientation.
    """
    raw = (stored.width, stored.height)
    if sample.stated_size not in (None, raw, stored.upright):
        stated = "{}x{}".format(*sample.stated_size or ())
        raise AnnotationError(
            str(sample.annotation),
            f"the annotation states {stated}, but {sample.image.name} has {stored.width}x{stored.height}",
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
    """Whether boxes refer to the pixels as stored, and whether that is a guess."""
    if space is not BoxSpace.BY_SIZE:
        return space is BoxSpace.RAW, False
    if sample.stated_size is None or raw == upright:
        return True, True
    return sample.stated_size == raw, False


def in_pixels(boxes: Sequence[Box], size: tuple[int, int]) -> tuple[Box, ...]:
    """Boxes in pixels.

    Args:
        boxes: Boxes relative to the sides of the image (0 to 1).
        size: Width and height of the image.
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
