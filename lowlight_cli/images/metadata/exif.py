"""Reads EXIF blocks, adapts them to an enhanced copy and writes them.

A block is parsed into its four directories and rewritten without the thumbnail. Maker notes keep their bytes
and their offset in the block, and so do values they store elsewhere in it, because some makers count offsets
from the start of the block.

Source: CIPA DC-008 (Exif 2.32 and 3.0).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lowlight_cli.images.metadata.maker_note import (
    bytes_of_directory,
    bytes_of_thumbnail,
    bytes_of_value,
    values_outside,
)
from lowlight_cli.images.metadata.tiff_directory import (
    SHORT,
    Directory,
    DirectoryWriter,
    Entry,
    Layout,
    ParsedDirectory,
    number_entry,
    read_directory,
    read_header,
    text_entry,
    whole_numbers,
)

PREFIX = b"Exif\0\0"
"""Bytes that JPEG, and some writers of other formats, put before a block."""

XMP_TAG, IPTC_TAG, RESOURCES_TAG = 700, 33723, 34377
"""Tags of the main directory that hold blocks of other standards: XMP, IPTC-IIM and Photoshop's resources."""

EXIF_IFD_TAG, GPS_IFD_TAG, INTEROP_IFD_TAG = 0x8769, 0x8825, 0xA005
"""Tags that point to the other directories; the last one is in the Exif directory."""

_ORIENTATION, _WIDTH, _HEIGHT = 274, 256, 257
_PROCESSING_SOFTWARE, _SOFTWARE = 11, 305
_MAKER_NOTE, _PIXEL_WIDTH, _PIXEL_HEIGHT = 0x927C, 0xA002, 0xA003
_COLOR_SPACE, _RELATED_SIZE, _ADOBE_RGB = 0xA001, (0x1001, 0x1002), b"R03\0"
_POINTERS = frozenset({EXIF_IFD_TAG, GPS_IFD_TAG, INTEROP_IFD_TAG})

LAYOUT_TAGS = frozenset(
    {254, 255, _WIDTH, _HEIGHT, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281, 284, 288}
    | {289, 290, 291, 292, 293, 297, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 330, 332, 333, 334}
    | {336, 337, 338, 339, 340, 341, 342, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531}
    | {532, 559, XMP_TAG, IPTC_TAG, RESOURCES_TAG, 34675, 37724, 0xEA1C}
)
"""Tags of pixel storage in a TIFF, and of blocks that are handled elsewhere; both are wrong in a new file."""

COLORIMETRY_TAGS = frozenset({318, 319})
"""White point and primaries: they hold for the output, too, which is in the color space of the input."""

_COLOR_TAGS_OF_BLOCK = COLORIMETRY_TAGS | {301, 529, 532}
"""Tags of a block outside of TIFF that describe colors: also the transfer function and YCbCr conversion."""

_DIGITAL_NEGATIVE_TAGS = range(50706, 52600)
_TAGS_KEPT_OF_RAW = frozenset(
    {_PROCESSING_SOFTWARE, 269, 270, 271, 272, _ORIENTATION, 282, 283, 296, _SOFTWARE, 306, 315, 316}
    | {18246, 18249, 33432, 40091, 40092, 40093, 40094, 40095}
)
_PRIVATE_TAGS = {
    "main": frozenset({316, 33550, 33922, 34264, 34735, 34736, 34737}),  # host computer, GeoTIFF
    # unique identity, owner, serial numbers of body and lens, maker notes, who edited it
    "details": frozenset({0xA420, 0xA430, 0xA431, 0xA435, _MAKER_NOTE, 0xA438}),
}


@dataclass(frozen=True, slots=True)
class Exif:
    """Directories of a block, without pointers and without the thumbnail.

    Attributes:
        order: Byte order of the values, ``<`` or ``>``.
        main: The main directory (IFD0).
        details: The Exif directory.
        gps: The GPS directory.
        interoperability: The Interoperability directory.
        note_values: Values that the maker note stores outside of itself, each with its offset in the block.
    """

    order: str
    main: Directory
    details: Directory
    gps: Directory
    interoperability: Directory
    note_values: tuple[Entry, ...] = ()

    @property
    def orientation(self) -> int:
        """Orientation of the stored pixels, 1 to 8; 1 if none or an invalid one is stated."""
        value = next(iter(whole_numbers(self.main.get(_ORIENTATION), self.order)), 1)
        return value if value in range(1, 9) else 1


def empty_exif() -> Exif:
    """A block without tags."""
    return Exif("<", {}, {}, {}, {})


def read_exif(data: bytes) -> tuple[Exif, bool]:
    """Directories of a block or of a TIFF file, and whether they are undamaged.

    Raises:
        ValueError: There is no readable directory.
    """
    data = data.removeprefix(PREFIX)
    layout, offset = read_header(data)
    main = read_directory(data, offset, layout)
    if not main.entries:
        raise ValueError("no directory of tags")
    starts = [offset]

    def child(tag: int, parent: Directory) -> ParsedDirectory:
        pointer = whole_numbers(parent.get(tag), layout.order)
        if not pointer:
            return ParsedDirectory({}, 0, whole=tag not in parent)
        starts.append(pointer[0])
        return read_directory(data, pointer[0], layout)

    details, gps = child(EXIF_IFD_TAG, main.entries), child(GPS_IFD_TAG, main.entries)
    found = (main, details, gps, child(INTEROP_IFD_TAG, details.entries))
    tags = [_without_pointers(each.entries) for each in found]
    values = _values_of_note(data, layout, starts, found)
    exif = Exif(layout.order, tags[0], tags[1], tags[2], tags[3], values)
    return exif, all(each.whole for each in found)


def _values_of_note(
    data: bytes, layout: Layout, starts: Sequence[int], found: Sequence[ParsedDirectory]
) -> tuple[Entry, ...]:
    """Values that the maker note stores outside of itself.

    Args:
        data: The block.
        layout: Its byte order and offset size.
        starts: Offsets of its directories.
        found: These directories: main, Exif and the others.
    """
    note = found[1].entries.get(_MAKER_NOTE)
    if note is None:
        return ()
    entries = [entry for each in found for entry in each.entries.values()]
    taken = [range(8), *(bytes_of_directory(data, start, layout) for start in starts)]
    taken += [bytes_of_value(entry) for entry in entries if entry.offset and entry is not note]
    thumbnail = bytes_of_thumbnail(data, found[0].following, layout)
    return values_outside(data, note, layout.order, taken, thumbnail)


def _without_pointers(directory: Directory) -> Directory:
    # Types 14 to 18 exist only in BigTIFF, which a block cannot be.
    return {t: e for t, e in directory.items() if t not in _POINTERS and e.kind not in range(14, 19)}


def write_exif(exif: Exif, *, pinned: bool = True) -> bytes:
    """A block with prefix; empty if there are no tags.

    Args:
        exif: The directories to write.
        pinned: Whether maker notes keep their offset.
    """
    if not (exif.main or exif.details or exif.gps or exif.interoperability):
        return b""
    layout = Layout(exif.order)
    header = (b"II" if exif.order == "<" else b"MM") + struct.pack(exif.order + "HI", 42, 8)
    main, details = dict(exif.main), dict(exif.details)
    note, values = _pinned(exif) if pinned else (None, ())
    writer = DirectoryWriter(layout, header, note, values)
    start = writer.reserve(len(main) + bool(details or exif.interoperability) + bool(exif.gps))
    struct.pack_into(exif.order + "I", writer.data, 4, start)
    if exif.interoperability:
        details[INTEROP_IFD_TAG] = number_entry(writer.add(exif.interoperability), exif.order)
    if details:
        main[EXIF_IFD_TAG] = number_entry(writer.add(details), exif.order)
    if exif.gps:
        main[GPS_IFD_TAG] = number_entry(writer.add(exif.gps), exif.order)
    writer.write(main, start)
    return PREFIX + writer.data


def _pinned(exif: Exif) -> tuple[Entry | None, tuple[Entry, ...]]:
    """The maker note and its values outside, if all of them can keep their offsets."""
    note = exif.details.get(_MAKER_NOTE)
    if note is None or not all(8 <= entry.offset < 2**16 for entry in (note, *exif.note_values)):
        return None, ()
    return note, exif.note_values


def keeps_note_values(found: Exif, exif: Exif) -> bool:
    """Whether ``exif`` can be written with all values that the maker note of ``found`` stores elsewhere."""
    return not found.note_values or _pinned(exif)[1] == found.note_values


def portable(exif: Exif, width: int, height: int, *, of_file: bool = False, raw: bool = False) -> Exif:
    """The tags that hold for an upright copy: orientation 1, sizes of the copy, nothing about pixel storage.

    Args:
        exif: Directories of the input.
        width: Columns of the copy.
        height: Rows of the copy.
        of_file: Whether they come from a TIFF file, whose main directory also describes pixel storage.
        raw: Whether that file is camera raw, whose main directory also has tags for its development.
    """
    size = {_WIDTH: width, _HEIGHT: height}
    layout = LAYOUT_TAGS if of_file else LAYOUT_TAGS - _COLOR_TAGS_OF_BLOCK
    main = {tag: entry for tag, entry in exif.main.items() if tag not in layout}
    details = exif.details
    if not of_file:
        main |= {tag: number_entry(size[tag], exif.order) for tag in size if tag in exif.main}
    else:
        main = {tag: entry for tag, entry in main.items() if tag not in _DIGITAL_NEGATIVE_TAGS}
        # Offsets in a whole file have no meaning in a block.
        details = {tag: entry._replace(offset=0) for tag, entry in details.items()}
        exif = replace(exif, note_values=())
    if raw:
        main = {tag: entry for tag, entry in main.items() if tag in _TAGS_KEPT_OF_RAW}
    if _ORIENTATION in main:
        main[_ORIENTATION] = number_entry(1, exif.order, SHORT)
    pixels = {_PIXEL_WIDTH: width, _PIXEL_HEIGHT: height}
    details = details | {tag: number_entry(pixels[tag], exif.order) for tag in pixels if tag in details}
    rules = {tag: entry for tag, entry in exif.interoperability.items() if tag not in _RELATED_SIZE}
    return replace(exif, main=main, details=details, interoperability=rules)


def without_private(exif: Exif) -> Exif:
    """EXIF without location, serial numbers, owner, computer and maker notes; artist and copyright stay."""
    main = {tag: entry for tag, entry in exif.main.items() if tag not in _PRIVATE_TAGS["main"]}
    details = {tag: entry for tag, entry in exif.details.items() if tag not in _PRIVATE_TAGS["details"]}
    return replace(exif, main=main, details=details, gps={})


def only_color(exif: Exif) -> Exif:
    """EXIF with nothing but the mark of Adobe RGB, which replaces a profile in photos that embed none."""
    index = exif.interoperability.get(1)
    if index is None or index.data != _ADOBE_RGB:
        return empty_exif()
    details = {tag: entry for tag, entry in exif.details.items() if tag == _COLOR_SPACE}
    return replace(empty_exif(), order=exif.order, details=details, interoperability={1: index})


def without_maker_note(exif: Exif) -> Exif:
    """EXIF without the maker note, the one value that can be large."""
    return replace(exif, details={t: entry for t, entry in exif.details.items() if t != _MAKER_NOTE})


def processed_by(exif: Exif, software: str) -> Exif:
    """EXIF that names the program that made the copy; an existing ``Software`` of the camera is kept."""
    named = {_SOFTWARE: text_entry(software)} | exif.main | {_PROCESSING_SOFTWARE: text_entry(software)}
    return replace(exif, main=named)
