"""How the pictures of a HEIF file are coded, for messages about those that libheif was not built to read.

Source: ISO/IEC 14496-12, sections 4.2 and 8.11 (boxes, items); ISO/IEC 23008-12 and 23001-17 (codings).
"""

from collections.abc import Iterator

from lowlight_cli.images.boxes import boxes_inside, read_boxes

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
    items = next((box for box in boxes_inside(data, b"meta", skip=4) if box.kind == b"iinf"), None)
    if items is None:
        return
    # The list starts with its version and a count of 2 or 4 bytes.
    head = 6 if data[items.start : items.start + 1] == b"\0" else 8
    for entry in read_boxes(data, items.start + head, items.end):
        version = data[entry.start] if entry.start < entry.end else 0
        place = entry.start + {2: 8, 3: 10}.get(version, len(data))
        if entry.kind == b"infe" and place + 4 <= entry.end:
            yield data[place : place + 4]
