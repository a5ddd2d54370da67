"""Locates the strips or tiles of a TIFF page and checks that they lie inside the file.

Source: TIFF 6.0, sections 3 and 15.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs import tiff_tags as tags
from lowlight_cli.images.codecs.tiff_tags import Page, inner_pages, read_pages

UNCOMPRESSED = 1
_PLANES_APART = 2


@dataclass(frozen=True, slots=True)
class Segments:
    """Strips or tiles of a page; strips are as wide as the page.

    Attributes:
        are_tiles: Whether they are tiles.
        height: Rows of each; the last strip may have fewer.
        width: Columns of each.
        down: Number of segments from top to bottom.
        across: Number of segments from left to right.
        planes: Number of planes: 1, or one for each sample.
        places: Offset and size in bytes of each segment, row by row and plane by plane.
    """

    are_tiles: bool
    height: int
    width: int
    down: int
    across: int
    planes: int
    places: tuple[tuple[int, int], ...]

    def of_plane(self, plane: int) -> tuple[tuple[int, int], ...]:
        """Offsets and sizes of the segments of one plane."""
        count = self.down * self.across
        return self.places[plane * count : (plane + 1) * count]


def stated_places(page: Page) -> Iterator[tuple[int, int]]:
    """Offset and size of each strip and tile, as stated by the page."""
    for offsets, sizes in ((tags.STRIP_OFFSETS, tags.STRIP_BYTES), (tags.TILE_OFFSETS, tags.TILE_BYTES)):
        yield from zip(page.all(offsets), page.all(sizes), strict=False)


def all_pages(data: bytes) -> Iterator[Page]:
    """Pages of a file, each followed by its subdirectories.

    Raises:
        EOFError: A directory lies beyond the end of the file.
    """
    for page in read_pages(data):
        yield page
        yield from inner_pages(data, page)


def find_segments(data: bytes, page: Page) -> Segments:
    """Strips or tiles of a page.

    Args:
        data: The whole file.
        page: One of its pages.

    Raises:
        ImageError: ``truncated``: some lie beyond the end of the file. ``unsupported``: they do not cover the
            page.
    """
    height, width = page.first(tags.HEIGHT, 0), page.first(tags.WIDTH, 0)
    are_tiles = tags.TILE_WIDTH in page.entries
    if are_tiles:
        tall, wide = page.first(tags.TILE_HEIGHT, 0), page.first(tags.TILE_WIDTH, 0)
    else:
        tall, wide = min(page.first(tags.ROWS_PER_STRIP, height), height), width
    if tall < 1 or wide < 1:
        raise tags.unsupported("strips or tiles of size 0", "save it again")
    down, across = -(-height // tall), -(-width // wide)
    planes = page.first(tags.SAMPLES, 1) if page.first(tags.PLANAR, 1) == _PLANES_APART else 1
    places = _places(data, page, down * across * planes)
    return Segments(are_tiles, tall, wide, down, across, planes, places)


def _places(data: bytes, page: Page, count: int) -> tuple[tuple[int, int], ...]:
    """Offset and size of ``count`` strips or tiles.

    Old programs omit the sizes of uncompressed strips, and some write the tags of strips for tiles.
    """
    offsets = page.all(tags.TILE_OFFSETS) or page.all(tags.STRIP_OFFSETS)
    sizes = page.all(tags.TILE_BYTES) or page.all(tags.STRIP_BYTES)
    if len(offsets) < count and not page.is_whole:
        raise cut_off()
    if len(offsets) < count:
        raise tags.unsupported("strips or tiles that do not cover the page", "save it again")
    offsets = offsets[:count]
    if page.first(tags.COMPRESSION, UNCOMPRESSED) == UNCOMPRESSED:
        places = tuple((offset, 0) for offset in offsets)  # the size follows from the samples
    elif len(sizes) >= count:
        places = tuple(zip(offsets, sizes, strict=False))
    elif count == 1:
        places = ((offsets[0], max(0, len(data) - offsets[0])),)
    else:
        raise tags.unsupported("strips or tiles of unknown size", "save it again")
    check_inside(places, len(data))
    if 0 in offsets:  # the program that wrote the file was stopped before it filled them in
        raise cut_off()
    return places


def cut_out(data: bytes, offset: int, size: int) -> bytes:
    """Bytes of a strip or tile.

    Raises:
        ImageError: ``truncated``.
    """
    check_inside(((offset, size),), len(data))
    return data[offset : offset + size]


def check_inside(places: Iterable[tuple[int, int]], length: int) -> None:
    """Rejects segments, each an offset and a size, that reach beyond a file of ``length`` bytes.

    Raises:
        ImageError: ``truncated``.
    """
    if any(offset >= length or offset + size > length for offset, size in places):
        raise cut_off()


def cut_off() -> ImageError:
    """The error for strips and tiles beyond the end of the file."""
    return ImageError("truncated", "strips or tiles lie beyond the end of the file")
