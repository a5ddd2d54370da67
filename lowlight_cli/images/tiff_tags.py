"""Directories of a TIFF: the numbers in their tags, read without ever leaving the file.

Source: TIFF 6.0, section 2; BigTIFF (Aware Systems); Adobe DNG 1.7 for what marks camera raw.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

SUBFILE_KIND, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_BYTES, PLANAR = 273, 274, 277, 278, 279, 284
PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES = 317, 322, 323, 324, 325
SUB_DIRECTORIES, EXTRA_SAMPLES, SAMPLE_FORMAT, ICC_PROFILE, DNG_VERSION = 330, 338, 339, 34675, 50706

_RAW_PHOTOMETRICS = (32803, 34892)
"""Colour filter array, and what was a filter array."""

_KINDS = {1: "B", 3: "H", 4: "L", 7: "B", 13: "L", 16: "Q", 18: "Q"}
"""Types of TIFF fields that hold whole numbers, as ``struct`` writes them."""


@dataclass(frozen=True, slots=True)
class Directory:
    """One picture in a TIFF.

    Attributes:
        offset: Where it starts in the file.
        values: Numbers of each tag that holds whole numbers.
    """

    offset: int
    values: dict[int, tuple[int, ...]]

    def first(self, tag: int, default: int) -> int:
        """The first number of a tag, or ``default`` where the tag is missing."""
        return (self.values.get(tag) or (default,))[0]


class TiffTags:
    """Reads directories of one file.

    Args:
        data: The whole file; it starts like a TIFF.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.order = "<" if data[:2] == b"II" else ">"
        self.big = data[2:4] in (b"+\0", b"\0+")
        self._pointer, self._count = ("Q", "Q") if self.big else ("L", "H")

    def pages(self) -> Iterator[Directory]:
        """Directories of the main chain, in order; a chain that bites its tail ends there."""
        seen: set[int] = set()
        offset = self._number(self._pointer, 8 if self.big else 4)
        while offset and offset not in seen:
            seen.add(offset)
            directory, offset = self._read(offset)
            yield directory

    def inner(self, directory: Directory) -> Iterator[Directory]:
        """Directories that hang below another."""
        for offset in directory.values.get(SUB_DIRECTORIES, ()):
            yield self._read(offset)[0]

    def _number(self, kind: str, offset: int) -> int:
        try:
            return int(struct.unpack_from(self.order + kind, self._data, offset)[0])
        except (struct.error, OverflowError) as error:
            raise EOFError("the TIFF is truncated") from error

    def _read(self, offset: int) -> tuple[Directory, int]:
        """A directory, and where the next one starts."""
        count = self._number(self._count, offset)
        length = 20 if self.big else 12
        first = offset + struct.calcsize("<" + self._count)
        following = self._number(self._pointer, first + count * length)
        entries = (self._entry(first + i * length) for i in range(count))
        return Directory(offset, {tag: values for tag, values in entries if values}), following

    def _entry(self, offset: int) -> tuple[int, tuple[int, ...]]:
        """Tag and numbers; none for other kinds of fields and for those that lie outside the file."""
        tag, field = self._number("H", offset), self._number("H", offset + 2)
        count = self._number(self._pointer, offset + 4)
        kind = _KINDS.get(field)
        if kind is None or (field == 7 and tag != ICC_PROFILE):
            return tag, ()
        room = struct.calcsize("<" + self._pointer)
        place = offset + 4 + room
        size = count * struct.calcsize("<" + kind)
        if size > room:
            place = self._number(self._pointer, place)
        if place + size > len(self._data):
            return tag, ()
        return tag, struct.unpack_from(f"{self.order}{count}{kind}", self._data, place)


def is_camera_raw(data: bytes) -> bool:
    """Whether a TIFF holds the numbers of a sensor rather than a picture."""
    try:
        tags = TiffTags(data)
        first = next(tags.pages(), None)
        if first is None:
            return False
        candidates = (first, *tags.inner(first))
    except EOFError:
        return False
    photometrics = {directory.first(PHOTOMETRIC, -1) for directory in candidates}
    return DNG_VERSION in first.values or bool(photometrics.intersection(_RAW_PHOTOMETRICS))
