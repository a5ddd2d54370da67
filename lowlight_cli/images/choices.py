"""Defines the choices of options about image files, without imports that slow ``--help`` down."""

from enum import StrEnum


class FormatChoice(StrEnum):
    """Format of the outputs."""

    KEEP = "keep"
    JPG = "jpg"
    PNG = "png"
    TIFF = "tiff"
    WEBP = "webp"
    AVIF = "avif"

    @classmethod
    def _missing_(cls, value: object) -> "FormatChoice | None":
        """The format of another usual name."""
        return {"jpeg": cls.JPG, "tif": cls.TIFF}.get(str(value))


class Subsampling(StrEnum):
    """Chroma subsampling of JPEG."""

    KEEP = "keep"
    FULL = "444"
    QUARTER = "420"


class BitDepth(StrEnum):
    """Bits per channel."""

    KEEP = "keep"
    EIGHT = "8"
    SIXTEEN = "16"


class MetadataPolicy(StrEnum):
    """Which metadata is written."""

    KEEP = "keep"
    SAFE = "safe"
    STRIP = "strip"


class ProfilePolicy(StrEnum):
    """Color profile of the outputs."""

    KEEP = "keep"
    SRGB = "srgb"


class FramesPolicy(StrEnum):
    """How to treat animations and multi-page files."""

    ALL = "all"
    FIRST = "first"
    ERROR = "error"
