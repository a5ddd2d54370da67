"""Which metadata of a photo goes into the result, and which must not.

Source: CIPA DC-008 (Exif 2.32); TIFF 6.0 for the layout tags.
"""

import struct
from dataclasses import dataclass

from PIL import ExifTags, Image

ORIENTATION_TAG = 0x0112
"""EXIF tag number."""

_LAYOUT_TAGS = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 285, 297, 317, 320}
    | {322, 323, 324, 325, 330, 338, 339, 347, 513, 514, 529, 530, 531, 532, 700, 33723, 34377, 34675}
)
"""How a TIFF stores its pixels, and blocks that other code carries; wrong in a new file."""

_DAMAGE = (OSError, SyntaxError, ValueError, TypeError, KeyError, AttributeError, OverflowError, struct.error)


@dataclass(frozen=True, slots=True)
class Metadata:
    """Blocks of text about a photo, as bytes; empty where there is none.

    Attributes:
        exif: TIFF structure behind the six bytes ``Exif`` and two zeros.
        xmp: The XML packet.
        iptc: IPTC-IIM records.
    """

    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""


def read_metadata(
    data: bytes, image: Image.Image | None, width: int, height: int
) -> tuple[Metadata, tuple[str, ...]]:
    """Blocks of a file, made fit for an upright copy of it, and codes of what is damaged.

    Args:
        data: The whole file.
        image: The same file opened by Pillow; None where Pillow does not know the format.
        width: Columns of the copy.
        height: Rows of the copy.
    """
    exif = portable_exif(image, width, height) if image is not None else b""
    return Metadata(exif or b""), ("metadata",) if exif is None else ()


def orientation_of(image: Image.Image) -> int:
    """EXIF orientation of an opened picture, 1 (upright) where none can be read."""
    try:
        value = image.getexif().get(ORIENTATION_TAG, 1)
    except _DAMAGE:
        return 1
    return value if isinstance(value, int) else 1


def portable_exif(image: Image.Image, width: int, height: int) -> bytes | None:
    """EXIF of an opened picture, fit for an upright copy of it.

    Orientation and layout are left out, and so is the embedded thumbnail, which would show the dark picture.

    Args:
        image: Source of the metadata.
        width: Columns of the copy.
        height: Rows of the copy.

    Returns:
        A block that starts with ``Exif`` and two zero bytes; empty when there is nothing to tell; None
        when the metadata are damaged.
    """
    try:
        return _copy(image.getexif(), width, height)
    except _DAMAGE:
        return None


def _copy(source: Image.Exif, width: int, height: int) -> bytes:
    kept = Image.Exif()
    for tag, value in source.items():
        if tag not in _LAYOUT_TAGS and tag not in (ORIENTATION_TAG, ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
            kept[tag] = value
    for block in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        if entries := source.get_ifd(block):
            kept.get_ifd(block).update(entries)
    details = kept.get_ifd(ExifTags.IFD.Exif)
    if ExifTags.Base.ExifImageWidth in details:
        details[ExifTags.Base.ExifImageWidth], details[ExifTags.Base.ExifImageHeight] = width, height
    return kept.tobytes() if len(kept) or details or kept.get_ifd(ExifTags.IFD.GPSInfo) else b""
