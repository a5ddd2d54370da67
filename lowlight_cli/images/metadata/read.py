"""Reads the metadata of a file and adapts it to an upright, enhanced copy."""

from typing import NamedTuple

from PIL import Image

from lowlight_cli.images.metadata.dpi import density_of_file, with_density
from lowlight_cli.images.metadata.exif import (
    PREFIX,
    empty_exif,
    keeps_note_values,
    portable,
    read_exif,
    write_exif,
)
from lowlight_cli.images.metadata.iptc import is_records, portable_iptc, resources_of_records
from lowlight_cli.images.metadata.jpeg_segments import START as JPEG_START
from lowlight_cli.images.metadata.jpeg_segments import read_jpeg
from lowlight_cli.images.metadata.png_chunks import START as PNG_START
from lowlight_cli.images.metadata.png_chunks import read_png
from lowlight_cli.images.metadata.policy import Metadata
from lowlight_cli.images.metadata.tiff_metadata import blocks_of_tags
from lowlight_cli.images.metadata.webp_chunks import read_webp
from lowlight_cli.images.metadata.xmp import portable_xmp

_FUJIFILM_START, _FUJIFILM_PREVIEW = b"FUJIFILMCCD-RAW", slice(84, 88)
_TIFF_STARTS = (b"II", b"MM")


class _Blocks(NamedTuple):
    """Blocks as stored in a file.

    Attributes:
        exif: EXIF block without prefix.
        xmp: One packet.
        iptc: Photoshop's resources or bare IPTC records.
        whole: Whether all of them are undamaged.
    """

    exif: bytes
    xmp: bytes
    iptc: bytes
    whole: bool = True


def read_metadata(
    data: bytes, image: Image.Image | None, width: int, height: int
) -> tuple[Metadata, tuple[str, ...]]:
    """Metadata of a file, adapted to an upright copy.

    Orientation becomes 1, sizes become those of the copy, and thumbnails of the dark input in EXIF, XMP and
    Photoshop's resources are left out. So are damaged parts.

    Args:
        data: The whole file.
        image: The same file opened by Pillow; None for camera raw.
        width: Columns of the copy.
        height: Rows of the copy.

    Returns:
        The metadata, and the warning ``metadata`` if something is damaged.
    """
    blocks = _find(data, image)
    whole, exif = blocks.whole, empty_exif()
    xmp, iptc = blocks.xmp, blocks.iptc
    if blocks.exif:
        try:
            found, undamaged = read_exif(blocks.exif)
            inner_xmp, inner_iptc = blocks_of_tags(found.main)
            xmp, iptc = xmp or inner_xmp, iptc or inner_iptc
            of_file = data.startswith(_TIFF_STARTS)
            exif = portable(found, width, height, of_file=of_file, raw=of_file and image is None)
            whole = whole and undamaged and keeps_note_values(found, exif)
        except ValueError:
            whole = False
    exif = with_density(exif, density_of_file(data))
    xmp, xmp_whole = _portable_xmp(xmp, width, height)
    iptc, iptc_whole = portable_iptc(resources_of_records(iptc) if is_records(iptc) else iptc)
    warnings = () if whole and xmp_whole and iptc_whole else ("metadata",)
    return Metadata(write_exif(exif), xmp, iptc), warnings


def _portable_xmp(xmp: bytes, width: int, height: int) -> tuple[bytes, bool]:
    try:
        return portable_xmp(xmp, width, height) if xmp.strip(b"\0 \r\n\t") else b"", True
    except ValueError:
        return b"", False


def _find(data: bytes, image: Image.Image | None) -> _Blocks:
    """The blocks of a file of any format."""
    if data.startswith(JPEG_START):
        return _Blocks(*read_jpeg(data))
    if data.startswith(PNG_START):
        return _Blocks(*read_png(data))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _Blocks(*read_webp(data))
    if data.startswith(_TIFF_STARTS):
        return _Blocks(data, b"", b"")
    if data.startswith(_FUJIFILM_START):
        return _Blocks(*read_jpeg(data[int.from_bytes(data[_FUJIFILM_PREVIEW]) :]))
    info = {} if image is None else image.info
    exif, xmp = (value if isinstance(value, bytes) else b"" for value in (info.get("exif"), info.get("xmp")))
    return _Blocks(exif.removeprefix(PREFIX), xmp, b"")
