"""Reads the pages of a TIFF and the tags that describe how their samples are stored.

Source: TIFF 6.0, sections 2 and 8; Adobe DNG 1.7 for the marks of camera raw.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lowlight_cli.errors import ImageError
from lowlight_cli.images.metadata.tiff_directory import (
    Directory,
    FileData,
    Layout,
    read_directory,
    read_header,
    whole_numbers,
)

SUBFILE_KIND, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
FILL_ORDER, STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_BYTES = 266, 273, 274, 277, 278, 279
PLANAR, FAX_3_OPTIONS, FAX_4_OPTIONS, PREDICTOR, COLOR_MAP = 284, 292, 293, 317, 320
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES, SUB_DIRECTORIES, INK_SET = 322, 323, 324, 325, 330, 332
EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES = 338, 339, 347
OLD_JPEG_OFFSET, OLD_JPEG_BYTES = 513, 514
LUMA_WEIGHTS, SUBSAMPLING, CHROMA_POSITION, REFERENCE_LEVELS = 529, 530, 531, 532
ICC_PROFILE, DNG_VERSION = 34675, 50706

_RAW_PHOTOMETRICS = (32803, 34892)
"""CFA (color filter array) and LinearRaw."""


@dataclass(frozen=True, slots=True)
class Page:
    """One image in a TIFF.

    Attributes:
        offset: Offset of its directory.
        layout: Byte order and offset size.
        entries: Its directory.
        is_whole: Whether every value of the directory lies inside the file.
    """

    offset: int
    layout: Layout
    entries: Directory
    is_whole: bool = True

    def all(self, tag: int) -> tuple[int, ...]:
        """Integers of a tag; empty if the tag is missing or has another type."""
        return whole_numbers(self.entries.get(tag), self.layout.order)

    def first(self, tag: int, default: int) -> int:
        """The first integer of a tag, or ``default``."""
        return next(iter(self.all(tag)), default)

    def block(self, tag: int) -> bytes:
        """Bytes of a tag; empty if it is missing."""
        entry = self.entries.get(tag)
        return b"" if entry is None else entry.data


def read_pages(data: FileData) -> Iterator[Page]:
    """Pages in order; a cyclic chain of directories ends before it repeats.

    Raises:
        EOFError: A directory lies beyond the end of the file.
        ValueError: The data are not a TIFF.
    """
    layout, offset = read_header(data)
    seen: set[int] = set()
    while offset and offset not in seen:
        seen.add(offset)
        found = read_directory(data, offset, layout)
        if not found.entries:
            raise EOFError("the TIFF is truncated")
        yield Page(offset, layout, found.entries, found.whole)
        offset = found.following


def inner_pages(data: bytes, page: Page) -> Iterator[Page]:
    """Subdirectories of a page, such as the sensor data that belong to the preview of a camera raw file."""
    for offset in page.all(SUB_DIRECTORIES):
        found = read_directory(data, offset, page.layout)
        yield Page(offset, page.layout, found.entries, found.whole)


def unsupported(what: str, remedy: str) -> ImageError:
    """The error for a TIFF with a feature that is not supported."""
    return ImageError("unsupported", f"TIFF with {what} is not supported; {remedy}")


def is_camera_raw(data: bytes) -> bool:
    """Whether a TIFF is camera raw: a DNG, or its first page or a subdirectory of it holds sensor data."""
    try:
        first = next(read_pages(data), None)
    except (EOFError, ValueError):
        return False
    if first is None:
        return False
    photometrics = {page.first(PHOTOMETRIC, -1) for page in (first, *inner_pages(data, first))}
    return DNG_VERSION in first.entries or bool(photometrics.intersection(_RAW_PHOTOMETRICS))
