"""Reads the boxes of ISO media files, and detects truncated ISO media and RIFF files.

Source: ISO/IEC 14496-12, section 4.2.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

MAX_BOXES = 10_000
"""Boxes read in a row at one level; a damaged file could list any number."""


class Box(NamedTuple):
    """Type of a box (four letters), and the start and end of its content in the file."""

    kind: bytes
    start: int
    end: int


def breaks_off(data: bytes) -> bool:
    """Whether the sizes in a file of boxes or RIFF chunks exceed the size of the file."""
    if data[:4] == b"RIFF":
        return len(data) < 8 + int.from_bytes(data[4:8], "little")
    if data[4:8] != b"ftyp":
        return False
    place = 0
    while place + 16 <= len(data):
        size = int.from_bytes(data[place : place + 4])
        if size == 1:
            size = int.from_bytes(data[place + 8 : place + 16])
        if size < 8:  # 0 stands for the rest of the file
            return False
        place += size
    return place > len(data)


def boxes_inside(data: bytes, kind: bytes, *, skip: int = 0) -> list[Box]:
    """Boxes inside the first top-level box of a type.

    Args:
        data: A file, which may be truncated.
        kind: Type of the outer box.
        skip: Bytes of its content before the first inner box.
    """
    outer = next((box for box in read_boxes(data, 0, len(data)) if box.kind == kind), None)
    return list(read_boxes(data, outer.start + skip, outer.end)) if outer else []


def read_boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """Boxes between two offsets, up to the first damaged one.

    Args:
        data: A file, which may be truncated.
        start: Offset of the first box.
        end: Offset of the end of the last box.
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
