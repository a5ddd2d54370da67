"""Reads and writes Photoshop's image resources and the IPTC records in them.

JPEG stores resources with IPTC-IIM as one of them, TIFF both side by side. Here a block is always resources.

Source: Adobe Photoshop file formats specification, "Image resources"; IPTC-NAA Information Interchange
Model 4.
"""

import struct
from typing import NamedTuple

_SIGNATURES = (b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR")
_RECORDS = 1028
_STALE = frozenset({1033, 1036, 1039, 1058, 1059, 1060})
"""Thumbnails of the dark input; copies of profile, EXIF and XMP."""

_DIGEST_OF_RECORDS = 1061
_MARKER = 0x1C
_PLACES = frozenset({(2, number) for number in (26, 27, 90, 92, 95, 100, 101)})
"""Content location, city, sublocation, province, country."""


class Resource(NamedTuple):
    """One image resource.

    Attributes:
        number: Its ID.
        head: Signature, ID and name, as stored.
        data: Its content.
    """

    number: int
    head: bytes
    data: bytes


def resources_of_records(records: bytes) -> bytes:
    """IPTC-IIM as a block of resources."""
    return _write([Resource(_RECORDS, b"8BIM" + struct.pack(">H", _RECORDS) + b"\0\0", records)])


def is_records(block: bytes) -> bool:
    """Whether a block is bare IPTC-IIM."""
    return block[:1] == bytes([_MARKER])


def split_records(block: bytes) -> tuple[bytes, bytes]:
    """The IPTC-IIM records of a block, and the block of all other resources."""
    found, _ = _read(block)
    records = b"".join(resource.data for resource in found if resource.number == _RECORDS)
    return records, _write([resource for resource in found if resource.number != _RECORDS])


def portable_iptc(block: bytes) -> tuple[bytes, bool]:
    """Resources that hold for a copy, and whether the block is undamaged."""
    found, whole = _read(block)
    return _write([resource for resource in found if resource.number not in _STALE]), whole


def iptc_without_private(block: bytes) -> bytes:
    """The block without fields of a location."""
    found, _ = _read(block)
    changed = [resource for resource in found if resource.number != _DIGEST_OF_RECORDS]
    return _write([r._replace(data=_without_places(r.data)) if r.number == _RECORDS else r for r in changed])


def _read(block: bytes) -> tuple[list[Resource], bool]:
    """Resources of a block, and whether it is undamaged."""
    found: list[Resource] = []
    position = 0
    while block[position : position + 4] in _SIGNATURES:
        name_end = position + 7 + int.from_bytes(block[position + 6 : position + 7])
        start = name_end + (name_end - position) % 2
        size = int.from_bytes(block[start : start + 4])
        end = start + 4 + size
        if start + 4 > len(block) or end > len(block):
            return found, False
        number = int.from_bytes(block[position + 4 : position + 6])
        found.append(Resource(number, block[position:start], block[start + 4 : end]))
        position = end + size % 2
    return found, not block[position:].strip(b"\0")


def _write(resources: list[Resource]) -> bytes:
    return b"".join(
        resource.head + struct.pack(">I", len(resource.data)) + resource.data + bytes(len(resource.data) % 2)
        for resource in resources
    )


def _without_places(records: bytes) -> bytes:
    kept, position = [], 0
    while records[position : position + 1] == bytes([_MARKER]):
        size = int.from_bytes(records[position + 3 : position + 5])
        start = position + 5
        if size & 0x8000:  # an extended record: the number is the length of its size field
            start += size & 0x7FFF
            size = int.from_bytes(records[position + 5 : start][:8])
        end = min(start + size, len(records))
        if tuple(records[position + 1 : position + 3]) not in _PLACES:
            kept.append(records[position:end])
        position = end
    return b"".join(kept)
