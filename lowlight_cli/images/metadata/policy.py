"""Applies a metadata policy: ``keep``, ``safe`` or ``strip``.

``keep`` keeps all blocks. ``safe`` removes location, serial numbers of body and lens, owner, unique image ID,
host computer and maker notes; artist and copyright stay. ``strip`` keeps only the mark of Adobe RGB, without
which colors would be wrong.
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
    """Blocks of metadata; empty if there are none.

    Attributes:
        exif: EXIF block with the prefix of six bytes, ``Exif`` and two zeros.
        xmp: XMP packet, in UTF-8.
        iptc: Photoshop's image resources, which include the IPTC-IIM records.
    """

    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""


def orientation_of(image: Image.Image) -> int:
    """EXIF orientation of an opened image; 1 (upright) if none can be read."""
    try:
        value = image.getexif().get(ORIENTATION_TAG, 1)
    except _DAMAGE:
        return 1
    return value if isinstance(value, int) else 1


def limit_metadata(metadata: Metadata, policy: MetadataPolicy) -> Metadata:
    """The metadata that the policy allows in the output."""
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
    """Names the program that made the image, in EXIF and in the history of XMP.

    ``ProcessingSoftware`` is always set, ``Software`` only if it is missing, since it names the camera's
    firmware. No date is added, so that equal images give equal files.

    Args:
        metadata: Metadata of the input.
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
