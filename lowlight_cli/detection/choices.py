"""Words that a user chooses from when preparing a data set; free of heavy imports."""

from enum import StrEnum


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
