"""Reads and writes metadata in the tags of a TIFF.

Source: TIFF 6.0, section 2; Adobe's XMP specification, part 3, for the tags of blocks.
"""

import struct

from lowlight_cli.images.metadata.exif import (
    COLORIMETRY_TAGS,
    EXIF_IFD_TAG,
    GPS_IFD_TAG,
    INTEROP_IFD_TAG,
    IPTC_TAG,
    LAYOUT_TAGS,
    RESOURCES_TAG,
    XMP_TAG,
    Exif,
)
from lowlight_cli.images.metadata.iptc import resources_of_records, split_records
from lowlight_cli.images.metadata.tiff_directory import (
    BYTES,
    LONG,
    OFFSET,
    UNDEFINED,
    Directory,
    DirectoryWriter,
    Entry,
    Layout,
    in_order,
    number_entry,
    read_directory,
    read_header,
)

_RESOLUTION_TAGS = frozenset({282, 283, 296})
_MAX_BYTES = 2**32 - 2**24
"""Largest file with 4-byte offsets, minus room for the metadata."""


def blocks_of_tags(main: Directory) -> tuple[bytes, bytes]:
    """XMP packet and Photoshop's resources of a main directory.

    A TIFF has IPTC-IIM twice: in the resources, and in its own tag, which is the newer one.
    """
    xmp, records, resources = (
        main[tag].data if tag in main else b"" for tag in (XMP_TAG, IPTC_TAG, RESOURCES_TAG)
    )
    if records:
        resources = resources_of_records(records) + split_records(resources)[1]
    return xmp, resources


def write_tiff(data: bytes, exif: Exif, xmp: bytes, resources: bytes) -> bytes:
    """The file with metadata added to its first page.

    A new directory of that page is appended to the file; everything else keeps its offset.

    Args:
        data: A whole file with any number of pages.
        exif: Directories to merge into those of the page; its tags of pixel storage are kept.
        xmp: XMP packet.
        resources: Photoshop's image resources.

    Raises:
        ValueError: The file is not a TIFF, is damaged or too large.
    """
    layout, offset = read_header(data)
    page = read_directory(data, offset, layout)
    if not page.whole or (len(data) > _MAX_BYTES and not layout.big):
        raise ValueError("the TIFF is damaged or too large")
    writer = DirectoryWriter(layout, data)
    own = {tag: entry for tag, entry in exif.main.items() if tag not in LAYOUT_TAGS - COLORIMETRY_TAGS}
    # Without a unit, the resolution is in inches, so the page must not keep its own unit.
    given = _RESOLUTION_TAGS if _RESOLUTION_TAGS & own.keys() else frozenset()
    main = {tag: entry for tag, entry in page.entries.items() if tag not in given}
    main |= (
        _blocks(xmp, resources) | in_order(own, exif.order, layout.order) | _pointers(writer, exif, layout)
    )
    # The header has two words: byte order and magic number, then the offset of the first directory.
    writer.data[layout.word_size : 2 * layout.word_size] = struct.pack(
        layout.order + layout.word, writer.add(_new(main), page.following)
    )
    return bytes(writer.data)


def _new(directory: Directory) -> Directory:
    return {tag: entry._replace(offset=0) for tag, entry in directory.items()}


def _blocks(xmp: bytes, resources: bytes) -> Directory:
    """Entries that hold XMP, IPTC and Photoshop's resources."""
    records, others = split_records(resources)
    blocks = {
        XMP_TAG: Entry(BYTES, xmp),
        IPTC_TAG: Entry(UNDEFINED, records),
        RESOURCES_TAG: Entry(BYTES, others),
    }
    return {tag: entry for tag, entry in blocks.items() if entry.data}


def _pointers(writer: DirectoryWriter, exif: Exif, layout: Layout) -> Directory:
    """Appends the other directories, and returns entries for the main directory that point to them."""
    children = [exif.details, exif.gps, exif.interoperability]
    details, gps, rules = (in_order(child, exif.order, layout.order) for child in children)
    found: Directory = {}
    kind = OFFSET if layout.big else LONG
    if rules:
        details |= {INTEROP_IFD_TAG: number_entry(writer.add(_new(rules)), layout.order, kind)}
    if details:
        found[EXIF_IFD_TAG] = number_entry(writer.add(_new(details)), layout.order, kind)
    if gps:
        found[GPS_IFD_TAG] = number_entry(writer.add(_new(gps)), layout.order, kind)
    return found
