"""Files that say in their own structure how long they are: boxes of ISO media files, and RIFF.

Source: ISO/IEC 14496-12, section 4.2.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

MAX_BOXES = 10_000
"""That are looked at, one behind the other."""


class Box(NamedTuple):
    """Part of a file: its four letters, and where its content begins and ends."""

    kind: bytes
    start: int
    end: int


def breaks_off(data: bytes) -> bool:
    """Whether a file of boxes or chunks says that it is longer than it is."""
    if data[:4] == b"RIFF":
        return len(data) < 8 + int.from_bytes(data[4:8], "little")
    if data[4:8] != b"ftyp":
        return False
    place = 0
    while place + 16 <= len(data):
        size = int.from_bytes(data[place : place + 4])
        if size == 1:
            size = int.from_bytes(data[place + 8 : place + 16])
        if size < 8:  # 0 says: to the end of the file
            return False
        place += size
    return place > len(data)


def boxes_inside(data: bytes, kind: bytes, *, skip: int = 0) -> list[Box]:
    """Boxes inside the first box of a kind at the top of a file.

    Args:
        data: A file, whole or not.
        kind: Of the outer box.
        skip: Bytes of it before the first box.
    """
    outer = next((box for box in read_boxes(data, 0, len(data)) if box.kind == kind), None)
    return list(read_boxes(data, outer.start + skip, outer.end)) if outer else []


def read_boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """Boxes from one place to another, or up to damage.

    Args:
        data: A file, whole or not.
        start: Where the first one begins.
        end: Where the last one ends.
    """
    for _ in range(MAX_BOXES):
        if start + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1 and start + 16 <= end:
            (size,), head = struct.unpack_from(">Q", data, start + 8), 16
        stop = end if size == 0 else start + size
        if size != 0 and (size < head or stop > end):
            return
        yield Box(kind, start + head, stop)
        start = stop
