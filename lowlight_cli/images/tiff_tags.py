"""Pages of a TIFF, and the numbers that say how their samples are stored.

Source: TIFF 6.0, sections 2 and 8; Adobe DNG 1.7 for what marks camera raw.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lowlight_cli.images.tiff_directory import Directory, Layout, read_directory, read_header, whole_numbers

SUBFILE_KIND, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
FILL_ORDER, STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_BYTES = 266, 273, 274, 277, 278, 279
PLANAR, PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES = 284, 317, 322, 323, 324, 325
SUB_DIRECTORIES, EXTRA_SAMPLES, SAMPLE_FORMAT, ICC_PROFILE, DNG_VERSION = 330, 338, 339, 34675, 50706

_RAW_PHOTOMETRICS = (32803, 34892)
"""Colour filter array, and what was a filter array."""


@dataclass(frozen=True, slots=True)
class Page:
    """One picture in a TIFF.

    Attributes:
        offset: Where its directory starts in the file.
        layout: How its numbers are written.
        entries: Its directory.
    """

    offset: int
    layout: Layout
    entries: Directory

    def all(self, tag: int) -> tuple[int, ...]:
        """Numbers of a tag; empty where the tag is missing or holds something else."""
        return whole_numbers(self.entries.get(tag), self.layout.order)

    def first(self, tag: int, default: int) -> int:
        """The first number of a tag, or ``default``."""
        return next(iter(self.all(tag)), default)

    def block(self, tag: int) -> bytes:
        """Bytes of a tag; empty where it is missing."""
        entry = self.entries.get(tag)
        return b"" if entry is None else entry.data


def read_pages(data: bytes) -> Iterator[Page]:
    """Pages in order; a chain that bites its tail ends there.

    Raises:
        EOFError: A directory lies outside of the file.
    """
    layout, offset = read_header(data)
    seen: set[int] = set()
    while offset and offset not in seen:
        seen.add(offset)
        found = read_directory(data, offset, layout)
        if not found.entries:
            raise EOFError("the TIFF breaks off")
        yield Page(offset, layout, found.entries)
        offset = found.following


def is_camera_raw(data: bytes) -> bool:
    """Whether a TIFF holds the numbers of a sensor rather than a picture."""
    try:
        first = next(read_pages(data), None)
    except (EOFError, ValueError):
        return False
    if first is None:
        return False
    inner = (read_directory(data, offset, first.layout).entries for offset in first.all(SUB_DIRECTORIES))
    pages = (first, *(Page(0, first.layout, entries) for entries in inner))
    photometrics = {page.first(PHOTOMETRIC, -1) for page in pages}
    return DNG_VERSION in first.entries or bool(photometrics.intersection(_RAW_PHOTOMETRICS))
