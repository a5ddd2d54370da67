"""Adds metadata to an encoded file of any format."""

from dataclasses import replace

from lowlight_cli.images.metadata.dpi import density_of_exif, stamp_density
from lowlight_cli.images.metadata.exif import PREFIX, empty_exif, read_exif, without_maker_note, write_exif
from lowlight_cli.images.metadata.iptc import resources_of_records, split_records
from lowlight_cli.images.metadata.jpeg_segments import MAX_SEGMENT_BYTES, write_jpeg
from lowlight_cli.images.metadata.png_chunks import write_png
from lowlight_cli.images.metadata.policy import Metadata
from lowlight_cli.images.metadata.tiff_metadata import write_tiff
from lowlight_cli.images.metadata.webp_chunks import write_webp
from lowlight_cli.images.metadata.xmp_extension import split_xmp

_MAX_RESOURCES_BYTES = MAX_SEGMENT_BYTES - len(b"Photoshop 3.0\0")
_MAX_XMP_BYTES = MAX_SEGMENT_BYTES - len(b"http://ns.adobe.com/xap/1.0/\0")


def fit_metadata(metadata: Metadata, format_name: str) -> tuple[Metadata, tuple[str, ...]]:
    """The part of the metadata that a format can hold.

    A JPEG holds EXIF of less than 64 kB: if it is larger, maker notes are dropped first, then the rest. In a
    TIFF, maker notes lose the values stored outside of them. WebP and AVIF have no IPTC, GIF no metadata.

    Args:
        metadata: Metadata of the input.
        format_name: Name in ``FORMATS``.

    Returns:
        The metadata, and the warning ``metadata`` if something was left out.
    """
    if format_name == "jpg":
        exif, xmp = _exif_for_jpeg(metadata.exif), _xmp_for_jpeg(metadata.xmp)
        fitted = Metadata(exif, xmp, _resources_for_jpeg(metadata.iptc))
    elif format_name == "tiff":
        fitted = replace(metadata, exif=_exif_for_tiff(metadata.exif))
    elif format_name == "png":
        fitted = metadata
    else:
        fitted = Metadata() if format_name == "gif" else replace(metadata, iptc=b"")
    return fitted, () if fitted == metadata else ("metadata",)


def attach_metadata(encoded: bytes, format_name: str, metadata: Metadata) -> bytes:
    """The file with metadata added.

    Args:
        encoded: A whole file without metadata.
        format_name: ``jpg``, ``png``, ``webp`` or ``tiff``; files of other formats are returned unchanged.
        metadata: Metadata to add; what does not fit is left out.

    Raises:
        ValueError: The file is not of that format.
    """
    fitted, _ = fit_metadata(metadata, format_name)
    exif = fitted.exif.removeprefix(PREFIX)
    if fitted == Metadata():
        return encoded
    found = read_exif(exif)[0] if exif else empty_exif()
    if format_name == "webp":
        return write_webp(encoded, exif, fitted.xmp)
    if format_name == "tiff":
        return write_tiff(encoded, found, fitted.xmp, fitted.iptc)
    if format_name not in ("jpg", "png"):
        return encoded
    stamped = stamp_density(encoded, density_of_exif(found))
    write = write_jpeg if format_name == "jpg" else write_png
    return write(stamped, exif, fitted.xmp, fitted.iptc)


def _exif_for_jpeg(block: bytes) -> bytes:
    if len(block) <= MAX_SEGMENT_BYTES:
        return block
    found = read_exif(block)[0]
    smaller = (write_exif(found, pinned=False), write_exif(without_maker_note(found)))
    return next((candidate for candidate in smaller if len(candidate) <= MAX_SEGMENT_BYTES), b"")


def _exif_for_tiff(block: bytes) -> bytes:
    """The block without values that maker notes store outside of them, because offsets change in a TIFF."""
    found = read_exif(block)[0] if block else empty_exif()
    return write_exif(found, pinned=False) if found.note_values else block


def _xmp_for_jpeg(packet: bytes) -> bytes:
    try:
        if len(packet) > _MAX_XMP_BYTES:
            split_xmp(packet, _MAX_XMP_BYTES)
    except ValueError:
        return b""
    return packet


def _resources_for_jpeg(block: bytes) -> bytes:
    if len(block) <= _MAX_RESOURCES_BYTES:
        return block
    records = resources_of_records(split_records(block)[0])
    return records if len(records) <= _MAX_RESOURCES_BYTES else b""
