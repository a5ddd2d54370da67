"""Repairs truncated files, so that the part before the end can be decoded."""

import re
import struct

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs import tiff_tags as tags
from lowlight_cli.images.codecs.png_check import repair_png
from lowlight_cli.images.codecs.tiff_segments import all_pages, stated_places
from lowlight_cli.images.limits import check_size
from lowlight_cli.images.settings import ReadSettings

_JPEG_END = b"\xff\xd9"
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd9\xff]")
"""Start of a segment with a length; no byte sequence inside compressed pixels matches."""
_SPARE_BYTES = 2**16
"""Bytes that a TIFF may have in addition to its pixels."""


def repair(data: bytes, name: str, settings: ReadSettings) -> bytes | None:
    """A truncated file, completed so that it can be decoded.

    Args:
        data: A truncated file.
        name: Its format, in ``FORMATS``.
        settings: The size limit.

    Returns:
        A complete file. The missing part is gray in JPEG, and black in PNG, uncompressed TIFF and TIFF-like
        camera raw. None for other formats, or if no pixel is left.

    Raises:
        ImageError: ``too_large``.
    """
    if name == "jpg":
        return _whole_segments(data) + _JPEG_END
    if name == "png" and len(data) >= 33:
        width, height = struct.unpack_from(">II", data, 16)
        check_size(width, height, settings)
        return repair_png(data)
    return _repair_tiff(data, settings) if name in ("tiff", "raw") else None


def _whole_segments(data: bytes) -> bytes:
    """A JPEG without an incomplete segment of tables at its end; compressed pixels may end anywhere."""
    place = 2
    while marker := _JPEG_MARKER.search(data, place):
        length = int.from_bytes(data[marker.start() + 2 : marker.start() + 4])
        place = marker.end() + length
        if place > len(data) or length < 2:
            return data[: marker.start()]
    return data


def _repair_tiff(data: bytes, settings: ReadSettings) -> bytes | None:
    """A TIFF or TIFF-like camera raw with zeros for missing strips; None if a directory is missing, too."""
    end, believable = len(data), len(data) + _SPARE_BYTES
    try:
        for page in all_pages(data):
            width, height = page.first(tags.WIDTH, 0), page.first(tags.HEIGHT, 0)
            if any(stated_places(page)):
                check_size(width, height, settings)
            # A damaged offset may be gigabytes away; compressed pixels are hardly larger than plain ones.
            believable += 2 * width * height * max(8, sum(page.all(tags.BITS))) // 8
            end = max(end, *(place + size for place, size in stated_places(page)), 0)
    except (EOFError, ValueError, ImageError):
        return None
    return data.ljust(end, b"\0") if len(data) < end <= believable else None
