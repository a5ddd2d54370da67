"""What a photo tells about itself beside its pixels, and how much of it goes into the result.

``keep`` keeps all blocks. ``safe`` takes out of them where the photo was taken, serial numbers of body and
lens, the owner's name, the unique identity of the photo, the name of the computer and the maker notes; artist
and copyright stay. ``strip`` leaves nothing but the mark of Adobe RGB, which colors need.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace

from PIL import Image

from lowlight_cli.images.choices import MetadataPolicy
from lowlight_cli.images.metadata.exif import (
    Exif,
    empty_exif,
    only_color,
    processed_by,
    read_exif,
    without_private,
    write_exif,
)
from lowlight_cli.images.metadata.iptc import iptc_without_private
from lowlight_cli.images.metadata.xmp import xmp_processed_by, xmp_without_private

ORIENTATION_TAG = 0x0112
"""EXIF tag number."""

_DAMAGE = (OSError, SyntaxError, ValueError, TypeError, KeyError, AttributeError, OverflowError, struct.error)


@dataclass(frozen=True, slots=True)
class Metadata:
    """Blocks about a photo; empty where there is none.

    Attributes:
        exif: TIFF structure behind the six bytes ``Exif`` and two zeros.
        xmp: The XML packet, in UTF-8.
        iptc: Photoshop's image resources, with the IPTC-IIM records among them.
    """

    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""


def orientation_of(image: Image.Image) -> int:
    """EXIF orientation of an opened picture, 1 (upright) where none can be read."""
    try:
        value = image.getexif().get(ORIENTATION_TAG, 1)
    except _DAMAGE:
        return 1
    return value if isinstance(value, int) else 1


def limit_metadata(metadata: Metadata, policy: MetadataPolicy) -> Metadata:
    """As much of the metadata as shall be in the result."""
    if policy is MetadataPolicy.KEEP:
        return metadata
    if policy is MetadataPolicy.STRIP:
        return Metadata(_changed(metadata.exif, only_color))
    exif, iptc = _changed(metadata.exif, without_private), iptc_without_private(metadata.iptc)
    try:
        return Metadata(exif, xmp_without_private(metadata.xmp) if metadata.xmp else b"", iptc)
    except ValueError:
        return Metadata(exif, b"", iptc)


def mark(metadata: Metadata, software: str) -> Metadata:
    """Tells what made the picture, in EXIF and as a line in the history of XMP.

    ``ProcessingSoftware`` is set; ``Software`` only where there was none: it names what the camera ran. No
    date is added, so that the same picture makes the same file.

    Args:
        metadata: Of the source.
        software: Program, version and model.
    """
    exif = _changed(metadata.exif, lambda found: processed_by(found, software))
    try:
        return replace(metadata, exif=exif, xmp=xmp_processed_by(metadata.xmp, software))
    except ValueError:
        return replace(metadata, exif=exif)


def _changed(block: bytes, change: Callable[[Exif], Exif]) -> bytes:
    try:
        found = read_exif(block)[0] if block else empty_exif()
    except ValueError:
        found = empty_exif()
    return write_exif(change(found))
