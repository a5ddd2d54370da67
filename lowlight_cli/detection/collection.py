"""A labelled dataset in memory, independent of its file format."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lowlight_cli.detection.boxes import Box
from lowlight_cli.errors import LowlightError

SPLITS = ("train", "val", "test")


class BoxSpace(StrEnum):
    """The pixels that boxes refer to if EXIF rotates an image."""

    RAW = "raw"
    """Pixels as stored, without EXIF orientation."""
    UPRIGHT = "upright"
    """Pixels of the upright image."""
    BY_SIZE = "by_size"
    """Decided by the size that the annotation states; if that fits both, pixels as stored."""


class AnnotationError(LowlightError):
    """An annotation that is invalid; the message names file and line.

    Args:
        place: File, and ``:line`` if there is one.
        message: What is wrong.
    """

    exit_code = 3

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}")


@dataclass(frozen=True, slots=True)
class Sample:
    """One image with its boxes.

    Attributes:
        name: File name of the image.
        image: File of the image.
        boxes: Boxes in pixels, or relative to the sides of the image (0 to 1) if ``relative`` is set.
        annotation: File of the boxes; None for an image without annotation.
        split: train, val or test; None if the dataset has no splits.
        stated_size: Width and height in the annotation; None if it states none.
        relative: Whether boxes are relative to the sides of the image.
        number: Image id in a COCO file; None in other formats.
    """

    name: str
    image: Path
    boxes: tuple[Box, ...]
    annotation: Path | None = None
    split: str | None = None
    stated_size: tuple[int, int] | None = None
    relative: bool = False
    number: int | str | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """A whole dataset.

    Attributes:
        format: Format of its files: exdark, voc, yolo or coco.
        classes: Names by index; boxes refer to them by index.
        samples: Images with an annotation.
        space: The pixels that boxes refer to.
        without_image: Annotations whose image is missing.
        without_annotation: Images without an annotation, as samples without boxes.
        errors: Annotations that are invalid.
        notes: What a user should know about how it was read, such as classes that were merged.
    """

    format: str
    classes: tuple[str, ...]
    samples: tuple[Sample, ...]
    space: BoxSpace
    without_image: tuple[Path, ...] = ()
    without_annotation: tuple[Sample, ...] = ()
    errors: tuple[AnnotationError, ...] = ()
    notes: tuple[str, ...] = ()
