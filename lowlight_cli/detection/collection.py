"""A labelled data set in memory, whatever form its files have."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lowlight_cli.detection.boxes import Box
from lowlight_cli.errors import LowlightError

SPLITS = ("train", "val", "test")


class BoxSpace(StrEnum):
    """Which way up the boxes were drawn."""

    RAW = "raw"
    """On the rows as stored, EXIF orientation ignored."""
    UPRIGHT = "upright"
    """On the picture as a viewer shows it."""
    BY_SIZE = "by_size"
    """The size that the annotation states tells; where it cannot, as stored."""


class AnnotationError(LowlightError):
    """An annotation that makes no sense; the message names file and line.

    Args:
        place: File, and ``:line`` where there are lines.
        message: What is wrong.
    """

    exit_code = 3

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}")


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture with its boxes.

    Attributes:
        name: Path of the picture below the data set's picture folder, the folders of splits and classes left
            out; unique in a data set.
        image: The picture's file.
        boxes: In pixels of the annotation, or in parts of the picture's sides (0 to 1) where ``relative``.
        annotation: File the boxes come from; None for a picture without one.
        split: train, val or test; None where the data set has none.
        stated_size: Width and height by the annotation; None where it states none.
        relative: Whether boxes are given in parts of the sides.
        number: What a COCO file calls the picture by; None in other forms.
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
    """A whole data set.

    Attributes:
        form: Name of the form its files have: exdark, voc, yolo or coco.
        classes: Names of the classes; boxes refer to them by index.
        samples: Pictures that have an annotation, or need none.
        space: Which way up boxes are.
        without_image: Annotations whose picture is not there.
        without_annotation: Pictures that no annotation mentions.
        errors: Annotations that could not be read.
    """

    form: str
    classes: tuple[str, ...]
    samples: tuple[Sample, ...]
    space: BoxSpace
    without_image: tuple[Path, ...] = ()
    without_annotation: tuple[Path, ...] = ()
    errors: tuple[AnnotationError, ...] = ()


class ClassNames:
    """Index of each class name; case and blanks around it do not count.

    Args:
        names: All classes, in order.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._indices = {name.strip().casefold(): index for index, name in enumerate(names)}

    def index(self, name: str, place: str) -> int:
        """Index of a class.

        Args:
            name: As the annotation spells it.
            place: File and line, for the message.

        Raises:
            AnnotationError: There is no such class.
        """
        try:
            return self._indices[name.strip().casefold()]
        except KeyError:
            known = ", ".join(self.names[:20]) + (", ..." if len(self.names) > 20 else "")
            raise AnnotationError(place, f"unknown class '{name}'; known: {known}") from None
