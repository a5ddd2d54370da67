"""Directories of tags, as TIFF files and EXIF blocks hold them: bytes -> entries, and back.

Source: TIFF 6.0, section 2; BigTIFF differs only in the width of its numbers.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from mmap import mmap
from typing import NamedTuple

BYTES, TEXT, SHORT, LONG, UNDEFINED, OFFSET = 1, 2, 3, 4, 7, 18
"""Kinds of value that this package makes itself."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8, 129: 1}  # of BigTIFF; UTF-8 text of Exif 3.0
_NUMBER_SIZES = _SIZES | {5: 4, 10: 4}  # a fraction is two numbers
_WHOLE_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MAGIC, _BIG_MAGIC, _RAW_MAGICS = 42, 43, (0x4F52, 0x5352, 0x55)  # the last are of Olympus and Panasonic


FileData = bytes | mmap
"""A whole file, in memory or on the disk."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How numbers are written.

    Attributes:
        order: ``<`` for the least significant byte first, ``>`` for the most significant.
        big: Whether offsets have 8 bytes instead of 4.
    """

    order: str
    big: bool = False

    @property
    def word(self) -> str:
        """Format of an offset."""
        return "Q" if self.big else "I"

    @property
    def word_size(self) -> int:
        """Bytes of an offset, and of a value that lies in the directory itself."""
        return 8 if self.big else 4

    @property
    def entry_size(self) -> int:
        """Bytes of one entry."""
        return 20 if self.big else 12

    @property
    def count_format(self) -> str:
        """Format of the number of entries."""
        return "Q" if self.big else "H"

    def directory_size(self, entries: int) -> int:
        """Bytes of a directory, without the values that lie elsewhere."""
        return struct.calcsize(self.order + self.count_format) + entries * self.entry_size + self.word_size


class Entry(NamedTuple):
    """One value.

    Attributes:
        kind: Number of its type.
        data: Its bytes, in the order of the block it came from.
        offset: Where it lay in that block; 0 for a new value and for one in the directory itself.
    """

    kind: int
    data: bytes
    offset: int = 0

    @property
    def items(self) -> int:
        """How many items of its type it holds."""
        return len(self.data) // _SIZES[self.kind]


Directory = dict[int, Entry]
"""Entries by tag."""


class ParsedDirectory(NamedTuple):
    """A directory that was read.

    Attributes:
        entries: What could be read.
        following: Offset of the next directory, 0 for none.
        whole: Whether nothing was damaged.
    """

    entries: Directory
    following: int
    whole: bool


def read_header(data: FileData) -> tuple[Layout, int]:
    """Layout, and offset of the first directory.

    Raises:
        ValueError: The bytes are no TIFF.
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
    """Entries of the directory at ``offset``; what points outside of ``data`` is left out."""
    start = offset + struct.calcsize(layout.order + layout.count_format)
    if offset < 8 or start > len(data):
        return ParsedDirectory({}, 0, whole=False)
    (count,) = struct.unpack_from(layout.order + layout.count_format, data, offset)
    readable = min(count, (len(data) - start) // layout.entry_size)
    entries: Directory = {}
    # Honest values do not overlap; dishonest ones could fill the memory with copies.
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
    """Values of an entry of whole numbers; empty for any other and for none."""
    if entry is None or entry.kind not in _WHOLE_NUMBERS:
        return ()
    return struct.unpack(f"{order}{entry.items}{_WHOLE_NUMBERS[entry.kind]}", entry.data)


def number_entry(value: int, order: str, kind: int = LONG) -> Entry:
    """An entry of one whole number."""
    return Entry(kind, struct.pack(order + _WHOLE_NUMBERS[kind], value))


def text_entry(text: str) -> Entry:
    """An entry of text; what ASCII does not have becomes a question mark."""
    return Entry(TEXT, text.encode("ascii", "replace") + b"\0")


def in_order(directory: Directory, old: str, new: str) -> Directory:
    """The same values with their bytes in another order; blobs stay as they are."""
    if old == new:
        return directory
    return {tag: entry._replace(data=_swapped(entry)) for tag, entry in directory.items()}


def _swapped(entry: Entry) -> bytes:
    size = _NUMBER_SIZES[entry.kind]
    return b"".join(entry.data[start : start + size][::-1] for start in range(0, len(entry.data), size))


class DirectoryWriter:
    """Lays directories and their values out in one growing run of bytes.

    Args:
        layout: How numbers are written.
        start: What comes first: a header, or a whole file to append to.
        pinned: A value that shall lie at its old offset, or None; that place must be free.
        fixed: Bytes that no directory points to, and that shall lie at their offsets.
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
        """Offset of room for a directory of that many entries."""
        return self._take(self._layout.directory_size(entries))

    def write(self, directory: Directory, offset: int, following: int = 0) -> None:
        """Fills room that was reserved.

        Args:
            directory: As many entries as were reserved.
            offset: Where the room begins.
            following: Offset of the directory after it, 0 for none.
        """
        order, word = self._layout.order, self._layout.word
        fields = [struct.pack(order + self._layout.count_format, len(directory))]
        for tag, entry in sorted(directory.items()):
            fields += [struct.pack(f"{order}HH{word}", tag, entry.kind, entry.items), self._value(entry)]
        fields.append(struct.pack(order + word, following))
        self._put(offset, b"".join(fields))

    def add(self, directory: Directory, following: int = 0) -> int:
        """Appends a directory and gives its offset."""
        offset = self.reserve(len(directory))
        self.write(directory, offset, following)
        return offset

    def _value(self, entry: Entry) -> bytes:
        """The last field of an entry: the value itself where it fits, else where it lies."""
        size = self._layout.word_size
        if len(entry.data) <= size:
            return entry.data.ljust(size, b"\0")
        at_old_place = self._pinned is not None and entry.offset == self._pinned.offset
        offset = entry.offset if at_old_place else self._take(len(entry.data))
        self._put(offset, entry.data)
        return struct.pack(self._layout.order + self._layout.word, offset)

    def _take(self, size: int) -> int:
        """Start of new bytes, even and clear of what has its place."""
        start = self._end + self._end % 2
        for first, end in self._held:
            if start < end and first < start + size:
                start = end + end % 2
        self._end = start + size
        return start

    def _put(self, offset: int, data: bytes) -> None:
        self.data.extend(bytes(max(0, offset + len(data) - len(self.data))))
        self.data[offset : offset + len(data)] = data
