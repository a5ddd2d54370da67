"""Choices for preparing a dataset; free of heavy imports, so that help stays fast."""

from enum import StrEnum

from lowlight_cli.errors import UsageError


class SourceFormat(StrEnum):
    """Format of a labelled dataset to read."""

    EXDARK = "exdark"
    VOC = "voc"
    YOLO = "yolo"
    COCO = "coco"


class ExportFormat(StrEnum):
    """Format of the dataset to write."""

    YOLO = "yolo"
    COCO = "coco"
    VOC = "voc"


class Variant(StrEnum):
    """Enhanced images, originals, or both with the same names and labels."""

    ENHANCED = "enhanced"
    ORIGINAL = "original"
    BOTH = "both"


class Link(StrEnum):
    """How an original that needs no conversion is placed in the dataset."""

    COPY = "copy"
    HARDLINK = "hardlink"
    SYMLINK = "symlink"


class SpaceChoice(StrEnum):
    """The pixels that box coordinates refer to: as stored, or after EXIF rotation."""

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
        raise UsageError(
            f"'{text}' is not a strength; use one number from 0 to 2, or a range such as 0.8:1.2"
        )
    return low, high
