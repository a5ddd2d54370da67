"""Reads and writes the directories of tags in TIFF files and EXIF blocks.

Source: TIFF 6.0, section 2; BigTIFF differs only in the width of its numbers.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from mmap import mmap
from typing import NamedTuple

BYTES, TEXT, SHORT, LONG, UNDEFINED, OFFSET = 1, 2, 3, 4, 7, 18
"""Value types that this package writes."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8, 129: 1}  # of BigTIFF; UTF-8 text of Exif 3.0
_NUMBER_SIZES = _SIZES | {5: 4, 10: 4}  # a fraction is two numbers
_WHOLE_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MAGIC, _BIG_MAGIC, _RAW_MAGICS = 42, 43, (0x4F52, 0x5352, 0x55)  # the last are of Olympus and Panasonic


FileData = bytes | mmap
"""A whole file, in memory or mapped from the disk."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Byte order and offset size.

    Attributes:
        order: ``<`` for little-endian, ``>`` for big-endian.
        big: Whether offsets have 8 bytes (BigTIFF) instead of 4.
    """

    order: str
    big: bool = False

    @property
    def word(self) -> str:
        """``struct`` format of an offset."""
        return "Q" if self.big else "I"

    @property
    def word_size(self) -> int:
        """Bytes of an offset, and of a value stored in the directory itself."""
        return 8 if self.big else 4

    @property
    def entry_size(self) -> int:
        """Bytes of one entry."""
        return 20 if self.big else 12

    @property
    def count_format(self) -> str:
        """``struct`` format of the number of entries."""
        return "Q" if self.big else "H"

    def directory_size(self, entries: int) -> int:
        """Bytes of a directory, without values stored elsewhere."""
        return struct.calcsize(self.order + self.count_format) + entries * self.entry_size + self.word_size


class Entry(NamedTuple):
    """The value of a tag.

    Attributes:
        kind: Number of its type.
        data: Its bytes, in the byte order of the block it came from.
        offset: Its offset in that block; 0 for a new value and for one in the directory itself.
    """

    kind: int
    data: bytes
    offset: int = 0

    @property
    def items(self) -> int:
        """Number of items of its type."""
        return len(self.data) // _SIZES[self.kind]


Directory = dict[int, Entry]
"""Entries by tag."""


class ParsedDirectory(NamedTuple):
    """A directory as read from a file.

    Attributes:
        entries: The readable entries.
        following: Offset of the next directory, 0 for none.
        whole: Whether all of it is undamaged.
    """

    entries: Directory
    following: int
    whole: bool


def read_header(data: FileData) -> tuple[Layout, int]:
    """Layout, and offset of the first directory.

    Raises:
        ValueError: The data are not a TIFF.
    """
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 16:
        raise ValueError("no TIFF header")
    (magic,) = struct.unpack_from(order + "H", data, 2)
    if magic == _BIG_MAGIC:
        return Layout(order, big=True), int(struct.unpack_from(order + "Q", data, 8)[0])
    if magic != _MAGIC and magic not in _RAW_MAGICS:
        raise ValueError("no TIFF header")
    return Layout(order), int(struct.unpack_from(order + "I", data, 4)[0])


def read_directory(data: FileData, offset: int, layout: Layout) -> ParsedDirectory:
    """Entries of the directory at ``offset``, without those that point beyond the end of ``data``."""
    start = offset + struct.calcsize(layout.order + layout.count_format)
    if offset < 8 or start > len(data):
        return ParsedDirectory({}, 0, whole=False)
    (count,) = struct.unpack_from(layout.order + layout.count_format, data, offset)
    readable = min(count, (len(data) - start) // layout.entry_size)
    entries: Directory = {}
    # Valid values do not overlap; overlapping ones could fill the memory with copies.
    left, whole = len(data), readable == count
    for position in range(start, start + readable * layout.entry_size, layout.entry_size):
        tag, entry = _read_entry(data, position, layout, left)
        whole = whole and entry is not None
        if entry is not None:
            entries.setdefault(tag, entry)
            left -= len(entry.data)
    end = start + count * layout.entry_size
    if end + layout.word_size > len(data):
        return ParsedDirectory(entries, 0, whole)
    return ParsedDirectory(entries, int(struct.unpack_from(layout.order + layout.word, data, end)[0]), whole)


def _read_entry(data: FileData, position: int, layout: Layout, limit: int) -> tuple[int, Entry | None]:
    tag, kind, count = struct.unpack_from(f"{layout.order}HH{layout.word}", data, position)
    value = position + layout.entry_size - layout.word_size
    size = _SIZES.get(kind, 0) * count
    if kind not in _SIZES or size > limit:
        return tag, None
    if size <= layout.word_size:
        return tag, Entry(kind, data[value : value + size])
    (offset,) = struct.unpack_from(layout.order + layout.word, data, value)
    if offset + size > len(data):
        return tag, None
    return tag, Entry(kind, data[offset : offset + size], offset)


def whole_numbers(entry: Entry | None, order: str) -> tuple[int, ...]:
    """Values of an entry of integers; empty for other types and for None."""
    if entry is None or entry.kind not in _WHOLE_NUMBERS:
        return ()
    return struct.unpack(f"{order}{entry.items}{_WHOLE_NUMBERS[entry.kind]}", entry.data)


def number_entry(value: int, order: str, kind: int = LONG) -> Entry:
    """An entry of one integer."""
    return Entry(kind, struct.pack(order + _WHOLE_NUMBERS[kind], value))


def text_entry(text: str) -> Entry:
    """An entry of text; characters outside of ASCII become question marks."""
    return Entry(TEXT, text.encode("ascii", "replace") + b"\0")


def in_order(directory: Directory, old: str, new: str) -> Directory:
    """The values converted to another byte order; untyped bytes stay unchanged."""
    if old == new:
        return directory
    return {tag: entry._replace(data=_swapped(entry)) for tag, entry in directory.items()}


def _swapped(entry: Entry) -> bytes:
    size = _NUMBER_SIZES[entry.kind]
    return b"".join(entry.data[start : start + size][::-1] for start in range(0, len(entry.data), size))


class DirectoryWriter:
    """Writes directories and their values to a growing buffer, ``data``.

    Args:
        layout: Byte order and offset size.
        start: Initial content: a header, or a whole file to append to.
        pinned: A value to write at its old offset, which must be free; or None.
        fixed: Bytes without an entry of their own, to write at their offsets.
    """

    def __init__(
        self, layout: Layout, start: bytes, pinned: Entry | None = None, fixed: Sequence[Entry] = ()
    ) -> None:
        self.data = bytearray(start)
        self._layout = layout
        self._end = len(start)
        self._pinned = pinned
        held = (*fixed, pinned) if pinned else fixed
        self._held = sorted((entry.offset, entry.offset + len(entry.data)) for entry in held)
        for entry in fixed:
            self._put(entry.offset, entry.data)

    def reserve(self, entries: int) -> int:
        """Reserves space for a directory of that many entries and returns its offset."""
        return self._take(self._layout.directory_size(entries))

    def write(self, directory: Directory, offset: int, following: int = 0) -> None:
        """Writes a directory to reserved space.

        Args:
            directory: As many entries as were reserved.
            offset: Offset of the reserved space.
            following: Offset of the next directory, 0 for none.
        """
        order, word = self._layout.order, self._layout.word
        fields = [struct.pack(order + self._layout.count_format, len(directory))]
        for tag, entry in sorted(directory.items()):
            fields += [struct.pack(f"{order}HH{word}", tag, entry.kind, entry.items), self._value(entry)]
        fields.append(struct.pack(order + word, following))
        self._put(offset, b"".join(fields))

    def add(self, directory: Directory, following: int = 0) -> int:
        """Appends a directory and returns its offset."""
        offset = self.reserve(len(directory))
        self.write(directory, offset, following)
        return offset

    def _value(self, entry: Entry) -> bytes:
        """Last field of an entry: the value itself if it fits, else its offset."""
        size = self._layout.word_size
        if len(entry.data) <= size:
            return entry.data.ljust(size, b"\0")
        at_old_place = self._pinned is not None and entry.offset == self._pinned.offset
        offset = entry.offset if at_old_place else self._take(len(entry.data))
        self._put(offset, entry.data)
        return struct.pack(self._layout.order + self._layout.word, offset)

    def _take(self, size: int) -> int:
        """Even offset of ``size`` new bytes that do not overlap with pinned or fixed values."""
        start = self._end + self._end % 2
        for first, end in self._held:
            if start < end and first < start + size:
                start = end + end % 2
        self._end = start + size
        return start

    def _put(self, offset: int, data: bytes) -> None:
        self.data.extend(bytes(max(0, offset + len(data) - len(self.data))))
        self.data[offset : offset + len(data)] = data
