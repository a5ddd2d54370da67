"""How the pictures of a HEIF file are coded, for messages about those that libheif was not built to read.

Source: ISO/IEC 14496-12, sections 4.2 and 8.11 (boxes, items); ISO/IEC 23008-12 and 23001-17 (codings).
"""

from collections.abc import Iterator

_READ = frozenset({b"hvc1", b"hev1"})
"""HEVC."""

_NAMES = {
    b"unci": "uncompressed pixels",
    b"av01": "AV1",
    b"avc1": "AVC (H.264)",
    b"evc1": "EVC",
    b"j2k1": "JPEG 2000",
    b"jpeg": "JPEG",
    b"lhv1": "layered HEVC",
    b"vvc1": "VVC (H.266)",
}
_WITHOUT_CODING = frozenset({b"grid", b"iden", b"iovl", b"tmap", b"Exif", b"mime", b"uri ", b"rgan", b"mski"})
"""Pictures made of others, masks, and items that are no pictures."""


def unread_coding(data: bytes) -> str | None:
    """What the pictures of a file are coded with; None where some are HEVC, or nothing is found.

    Args:
        data: A file, whole or not, that could not be read.
    """
    codings = [kind for kind in _item_kinds(data) if kind not in _WITHOUT_CODING]
    if not codings or _READ.intersection(codings):
        return None
    return _NAMES.get(codings[0]) or f"the coding '{codings[0].decode('latin-1')}'"


def _item_kinds(data: bytes) -> Iterator[bytes]:
    """Kind of each item that the file lists."""
    for kind, content in _boxes(data):
        if kind != b"meta":
            continue
        for inner, items in _boxes(content[4:]):
            if inner == b"iinf":
                # The list starts with its version and a count of 2 or 4 bytes.
                yield from _kinds_of_entries(items[6 if items[:1] == b"\0" else 8 :])


def _kinds_of_entries(data: bytes) -> Iterator[bytes]:
    for kind, entry in _boxes(data):
        version = entry[0] if entry else 0
        place = {2: 8, 3: 10}.get(version)
        if kind == b"infe" and place is not None and len(entry) >= place + 4:
            yield entry[place : place + 4]


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each box; stops where one breaks off or makes no sense."""
    position = 0
    while position + 8 <= len(data):
        size, head = int.from_bytes(data[position : position + 4]), 8
        if size == 1:
            size, head = int.from_bytes(data[position + 8 : position + 16]), 16
        size = size or len(data) - position
        if size < head or position + size > len(data):
            return
        yield data[position + 4 : position + 8], data[position + head : position + size]
        position += size
