"""Words that a user chooses from when preparing a data set; free of heavy imports."""

from enum import StrEnum

from lowlight_cli.errors import UsageError


class SetForm(StrEnum):
    """Form of a labelled data set that is read."""

    EXDARK = "exdark"
    VOC = "voc"
    YOLO = "yolo"
    COCO = "coco"


class ExportForm(StrEnum):
    """Form of the data set that is written."""

    YOLO = "yolo"
    COCO = "coco"
    VOC = "voc"


class Variant(StrEnum):
    """Pictures as they were, as they are made, or both with the same names and labels."""

    ENHANCED = "enhanced"
    ORIGINAL = "original"
    BOTH = "both"


class Link(StrEnum):
    """How a picture that needs no change gets to its place."""

    COPY = "copy"
    HARDLINK = "hardlink"
    SYMLINK = "symlink"


class SpaceChoice(StrEnum):
    """Which way up boxes were drawn."""

    AUTO = "auto"
    RAW = "raw"
    UPRIGHT = "upright"


def parse_strength(text: str) -> tuple[float, float]:
    """Lowest and highest strength from ``0.8:1.2`` or ``1``.

    Raises:
        UsageError: Not one or two numbers from 0 to 2, the lower first.
    """
    try:
        numbers = [float(part) for part in text.split(":")]
    except ValueError:
        numbers = []
    low, high = (numbers * 2)[:2] if len(numbers) == 1 else numbers if len(numbers) == 2 else (1.0, 0.0)
    if not 0 <= low <= high <= 2:
        raise UsageError(f"'{text}' is no strength; use one number from 0 to 2, or two like 0.8:1.2")
    return low, high
