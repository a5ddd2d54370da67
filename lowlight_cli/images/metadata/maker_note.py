"""Finds values of maker notes that are stored elsewhere in the EXIF block.

A note is usually a directory of tags after a short name. Its offsets count from the start of the block, or
from a header inside the note. Some cameras, such as early ones of Olympus and Nikon Coolpix, store values
outside of the bytes of ``MakerNote``. No standard describes this. So a directory is searched where makers put
it, and accepted if its values do not overlap with anything else.
"""

import re
import struct
from collections.abc import Sequence
from itertools import product

from lowlight_cli.images.metadata.tiff_directory import (
    UNDEFINED,
    Directory,
    Entry,
    Layout,
    read_directory,
    read_header,
    whole_numbers,
)

_STARTS = range(0, 33, 2)
"""Offsets in a note at which its directory may start, after the maker's name."""

_OWN_HEADER = re.compile(rb"II\*\0|MM\0\*")
_MAX_NAME_BYTES = 40
"""Bytes of a note before its own TIFF header, at most."""

_REACH = 2**16
"""Bytes after such a header that its values may occupy."""

_THUMBNAIL_PLACE, _THUMBNAIL_SIZE = 513, 514


def values_outside(
    block: bytes, note: Entry, order: str, taken: Sequence[range], left_out: Sequence[range]
) -> tuple[Entry, ...]:
    """Values of a note that lie outside of it, each with its offset in the block.

    Args:
        block: The whole EXIF block.
        note: Its maker note.
        order: Byte order of the block; the note may have the other one.
        taken: Byte ranges of the block that belong to its own directories.
        left_out: Byte ranges that must not be kept, such as the thumbnail.
    """
    inside = range(note.offset, note.offset + len(note.data))
    if not note.offset:
        return ()
    header = _OWN_HEADER.search(note.data, 0, _MAX_NAME_BYTES)
    entries = (
        _entries_behind(block, note.offset + header.start())
        if header
        else list(_directory_of(block, inside, order).values())
    )
    places = {bytes_of_value(entry): entry for entry in entries if entry.offset}
    outside = {
        place: entry
        for place, entry in places.items()
        if not (inside.start <= place.start and place.stop <= inside.stop)
    }
    if any(_overlap(place, other) for place in outside for other in taken):
        return ()  # the offsets count from somewhere else
    return tuple(
        Entry(UNDEFINED, entry.data, entry.offset)
        for place, entry in outside.items()
        if not any(_overlap(place, other) for other in left_out)
    )


def bytes_of_value(entry: Entry) -> range:
    """Byte range of the value of an entry with an offset."""
    return range(entry.offset, entry.offset + len(entry.data))


def bytes_of_directory(block: bytes, offset: int, layout: Layout) -> range:
    """Byte range of the directory at ``offset``, without values stored elsewhere."""
    count = 0
    if offset + struct.calcsize(layout.order + layout.count_format) <= len(block):
        (count,) = struct.unpack_from(layout.order + layout.count_format, block, offset)
    return range(offset, offset + layout.directory_size(count))


def bytes_of_thumbnail(block: bytes, offset: int, layout: Layout) -> list[range]:
    """Byte ranges of the thumbnail and its directory; empty if there is none.

    Args:
        block: An EXIF block.
        offset: Offset of the directory after the main one; 0 if there is none.
        layout: Byte order and offset size of the block.
    """
    if not offset:
        return []
    entries = read_directory(block, offset, layout).entries
    places = [bytes_of_directory(block, offset, layout)]
    places += [bytes_of_value(entry) for entry in entries.values() if entry.offset]
    start, size = (
        whole_numbers(entries.get(tag), layout.order) for tag in (_THUMBNAIL_PLACE, _THUMBNAIL_SIZE)
    )
    return [*places, range(start[0], start[0] + size[0])] if start and size else places


def _entries_behind(block: bytes, start: int) -> list[Entry]:
    """Entries of a note with its own TIFF header at ``start``, with their offsets in the block."""
    note = block[start : start + _REACH]
    try:
        layout, offset = read_header(note)
    except ValueError:
        return []
    entries = read_directory(note, offset, layout).entries.values()
    return [entry._replace(offset=start + entry.offset) for entry in entries if entry.offset]


def _directory_of(block: bytes, inside: range, order: str) -> Directory:
    """Entries of the note in a byte range; empty if it contains no directory."""
    other = "<" if order == ">" else ">"
    for layout, start in product((Layout(order), Layout(other)), _STARTS):
        offset = inside.start + start
        if offset + layout.directory_size(1) > inside.stop:
            continue
        (count,) = struct.unpack_from(layout.order + layout.count_format, block, offset)
        # A note may omit the offset of the next directory.
        if offset + layout.directory_size(count) - layout.word_size > inside.stop:
            continue
        entries = read_directory(block, offset, layout).entries
        # A directory may have a few damaged entries; other bytes rarely parse as one.
        if 2 * len(entries) > count:
            return entries
    return {}


def _overlap(first: range, second: range) -> bool:
    return first.start < second.stop and second.start < first.stop
