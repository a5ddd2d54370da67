"""Reads and changes the color code points of an AVIF, and reads its bit depth.

Source: ISO/IEC 14496-12, sections 4.2 (boxes), 8.11 (items) and 12.1.5 (colr); ISO/IEC 23008-12, section 9.3.
"""

import struct
from collections.abc import Iterator

from lowlight_cli.images.codecs.av1_header import codes_of_av1
from lowlight_cli.images.codecs.boxes import MAX_BOXES, Box, boxes_inside, read_boxes
from lowlight_cli.images.color.cicp import ColorCodes

_MAX_CODED_BYTES = 1024
_SAMPLE_ENTRY_SIZE = 78
"""Bytes of a visual sample entry before its boxes."""

_HIGH_DEPTH = 0x40
"""Bit of the third byte of av1C (AV1 in ISOBMFF, section 2.3.3)."""


def codes_of_boxes(data: bytes) -> ColorCodes | None:
    """Color code points of the primary image; None if it has none or the boxes are damaged.

    Without an ``nclx`` box they are read from the AV1 stream.

    Args:
        data: The whole file.
    """
    try:
        places = _places_of_main_item(data) or _places_of_tracks(data)
        start = _start_of_main_item(data)
        if not places and start is None:
            # A grid image may leave its colors to its tiles. Other images of a file can have other colors.
            places, start = _places_of_items(data), _start_of_first_item(data)
        if places:
            return ColorCodes(*struct.unpack_from(">HH", data, places[0]))
        return None if start is None else codes_of_av1(data[start : start + _MAX_CODED_BYTES])
    except (struct.error, IndexError):
        return None


def has_more_than_eight_bits(data: bytes) -> bool:
    """Whether any image of an AVIF has more than 8 bits per channel.

    Args:
        data: The whole file.
    """
    properties = read_boxes(data, *_span(data, b"meta", b"iprp", b"ipco"))
    configurations = [box for box in (*properties, *_boxes_of_tracks(data)) if box.kind == b"av1C"]
    return any(box.end - box.start > 2 and data[box.start + 2] & _HIGH_DEPTH for box in configurations)


def with_codes(data: bytes, codes: ColorCodes) -> bytes:
    """The file with new color code points in every ``nclx`` box.

    Args:
        data: A whole file.
        codes: The new code points.
    """
    changed = bytearray(data)
    for place in {*_places_of_items(data), *_places_of_tracks(data)}:
        struct.pack_into(">HH", changed, place, *codes)
    return bytes(changed)


def _places_of_main_item(data: bytes) -> list[int]:
    main = _main_item(data)
    properties = list(read_boxes(data, *_span(data, b"meta", b"iprp", b"ipco")))
    numbers: list[int] = []
    for box in read_boxes(data, *_span(data, b"meta", b"iprp")):
        if box.kind == b"ipma":
            numbers += [number for item, number in _associations(data, box) if item == main]
    chosen = [properties[number - 1] for number in numbers if 0 < number <= len(properties)]
    return [box.start + 4 for box in chosen if _is_nclx(data, box)]


def _places_of_items(data: bytes) -> list[int]:
    """Offsets of the code points of any image item."""
    properties = read_boxes(data, *_span(data, b"meta", b"iprp", b"ipco"))
    return [box.start + 4 for box in properties if _is_nclx(data, box)]


def _places_of_tracks(data: bytes) -> list[int]:
    return [box.start + 4 for box in _boxes_of_tracks(data) if _is_nclx(data, box)]


def _boxes_of_tracks(data: bytes) -> Iterator[Box]:
    """Boxes of the sample entries of all tracks of an animation."""
    for track in boxes_inside(data, b"moov"):
        span = _deeper(data, (track.start, track.end), b"mdia", b"minf", b"stbl", b"stsd")
        if track.kind != b"trak" or span[0] == span[1]:
            continue
        for entry in read_boxes(data, span[0] + 8, span[1]):
            yield from read_boxes(data, entry.start + _SAMPLE_ENTRY_SIZE, entry.end)


def _start_of_main_item(data: bytes) -> int | None:
    """Offset of the AV1 stream of the primary image; None for a grid or another derived image."""
    main = _main_item(data)
    return next((start for item, start in _places_of_data(data) if item == main), None)


def _start_of_first_item(data: bytes) -> int | None:
    return next((start for _, start in _places_of_data(data)), None)


def _main_item(data: bytes) -> int | None:
    box = next((box for box in boxes_inside(data, b"meta", skip=4) if box.kind == b"pitm"), None)
    if box is None:
        return None
    number: int = struct.unpack_from(">I" if data[box.start] else ">H", data, box.start + 4)[0]
    return number


def _places_of_data(data: bytes) -> Iterator[tuple[int, int]]:
    """Item IDs with the offset of their data, for items stored in the file itself (construction method 0)."""
    box = next((box for box in boxes_inside(data, b"meta", skip=4) if box.kind == b"iloc"), None)
    if box is None:
        return
    version, sizes, place = data[box.start], data[box.start + 4 : box.start + 6], box.start + 6
    offset_size, length_size, base_size = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4
    index_size = sizes[1] & 15 if version else 0
    number_size = 4 if version == 2 else 2

    def number(size: int) -> int:
        nonlocal place
        place += size
        return int.from_bytes(data[place - size : place])

    for _ in range(min(number(number_size), MAX_BOXES)):
        item = number(number_size)
        method = number(2) & 15 if version else 0
        number(2)
        base = number(base_size)
        for extent in range(number(2)):
            number(index_size)
            offset = number(offset_size)
            number(length_size)
            if extent == 0 and method == 0:
                yield item, base + offset
        if place > box.end:
            return


def _is_nclx(data: bytes, box: Box) -> bool:
    return box.kind == b"colr" and data[box.start : box.start + 4] == b"nclx" and box.end - box.start >= 8


def _associations(data: bytes, box: Box) -> Iterator[tuple[int, int]]:
    """Pairs of an item ID and the index of one of its properties; indices start at 1."""
    version, wide = data[box.start], data[box.start + 3] & 1
    (count,), place = struct.unpack_from(">I", data, box.start + 4), box.start + 8
    for _ in range(min(count, MAX_BOXES)):
        (item,) = struct.unpack_from(">I" if version else ">H", data, place)
        place += 4 if version else 2
        for i in range(data[place]):
            (number,) = struct.unpack_from(">H" if wide else ">B", data, place + 1 + i * (1 + wide))
            yield item, number & (0x7FFF if wide else 0x7F)
        place += 1 + data[place] * (1 + wide)


def _span(data: bytes, kind: bytes, *inner: bytes) -> tuple[int, int]:
    """Start and end of the content of a nested box; (0, 0) if there is none."""
    first = next((box for box in boxes_inside(data, kind, skip=4) if box.kind == inner[0]), None)
    return (0, 0) if first is None else _deeper(data, (first.start, first.end), *inner[1:])


def _deeper(data: bytes, span: tuple[int, int], *kinds: bytes) -> tuple[int, int]:
    for kind in kinds:
        found = next((box for box in read_boxes(data, *span) if box.kind == kind), None)
        if found is None:
            return 0, 0
        span = found.start, found.end
    return span
