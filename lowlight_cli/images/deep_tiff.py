"""Pages of a TIFF with 16 bits per sample, in any layout and compression that libtiff knows.

Pillow cuts such pages to 8 bits and OpenCV reads some of them wrongly (planes, orientation, grey with
opacity). So each plane is read as what it is to the compression: rows of single bytes. A directory that says
so is added to a copy of the file, and Pillow reads that; predictor and byte order are undone here.

Source: TIFF 6.0, sections 8, 14 and 15.
"""

import struct
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image

from lowlight_cli.errors import ImageError
from lowlight_cli.images import tiff_tags as tags
from lowlight_cli.images.picture import Samples
from lowlight_cli.images.tiff_directory import Layout
from lowlight_cli.images.tiff_tags import Page


class _Grid(NamedTuple):
    """Strips or tiles of a page: their size in pixels, and how many lie below and beside each other."""

    is_tiled: bool
    height: int
    width: int
    down: int
    across: int


def read_deep_page(data: bytes, page: Page) -> Samples:
    """Samples of a page, uint16 (h, w, samples).

    Args:
        data: The whole file.
        page: One with 16 bits per sample.

    Raises:
        ImageError: ``unsupported``: strips or tiles that do not cover the page.
        OSError: The file is damaged.
    """
    grid = _grid(page)
    places, sizes = (
        (tags.TILE_OFFSETS, tags.TILE_BYTES) if grid.is_tiled else (tags.STRIP_OFFSETS, tags.STRIP_BYTES)
    )
    segments = list(zip(page.all(places), page.all(sizes), strict=False))
    samples = page.first(tags.SAMPLES, 1)
    planes = samples if page.first(tags.PLANAR, 1) == 2 else 1
    each = grid.down * grid.across
    if not each or len(segments) != each * planes:
        raise ImageError("unsupported", "TIFF whose strips do not cover the page")
    parts = [
        _read_plane(data, page, grid, samples // planes, segments[first : first + each])
        for first in range(0, each * planes, each)
    ]
    return parts[0] if planes == 1 else np.concatenate(parts, axis=2)


def _grid(page: Page) -> _Grid:
    height, width = page.first(tags.HEIGHT, 0), page.first(tags.WIDTH, 0)
    is_tiled = tags.TILE_OFFSETS in page.entries
    if is_tiled:
        tall, wide = page.first(tags.TILE_HEIGHT, 0), page.first(tags.TILE_WIDTH, 0)
    else:
        tall, wide = min(page.first(tags.ROWS_PER_STRIP, height), height), width
    if tall < 1 or wide < 1:
        raise ImageError("unsupported", "TIFF with strips or tiles of no size")
    return _Grid(is_tiled, tall, wide, -(-height // tall), -(-width // wide))


def _read_plane(
    data: bytes, page: Page, grid: _Grid, samples: int, segments: list[tuple[int, int]]
) -> Samples:
    """Samples that lie together, uint16 (h, w, samples).

    Args:
        data: The whole file.
        page: The page.
        grid: Its strips or tiles.
        samples: How many lie together.
        segments: Offset and bytes of each strip or tile.
    """
    height, width = page.first(tags.HEIGHT, 0), page.first(tags.WIDTH, 0)
    rows = grid.down * grid.height if grid.is_tiled else height
    as_bytes = _bytes_directory(page, grid, rows, samples, segments)
    with Image.open(BytesIO(_with_directory(data, as_bytes, page.layout)), formats=["TIFF"]) as image:
        stored = np.asarray(image)
    numbers = stored.view(page.layout.order + "u2").astype(np.uint16)
    numbers = numbers.reshape(rows, grid.across, grid.width, samples)
    if page.first(tags.PREDICTOR, 1) == 2:
        np.cumsum(numbers, axis=2, dtype=np.uint16, out=numbers)
    return numbers.reshape(rows, -1, samples)[:height, :width]


def _bytes_directory(
    page: Page, grid: _Grid, rows: int, samples: int, segments: list[tuple[int, int]]
) -> dict[int, tuple[int, ...]]:
    """Tags of a grey picture whose pixels are the bytes of a plane."""
    offsets, sizes = zip(*segments, strict=True)
    row = grid.width * samples * 2
    directory = {
        tags.WIDTH: (grid.across * row,),
        tags.HEIGHT: (rows,),
        tags.BITS: (8,),
        tags.COMPRESSION: (page.first(tags.COMPRESSION, 1),),
        tags.PHOTOMETRIC: (1,),
        tags.FILL_ORDER: (page.first(tags.FILL_ORDER, 1),),
        tags.SAMPLES: (1,),
    }
    if grid.is_tiled:
        return directory | {
            tags.TILE_WIDTH: (row,),
            tags.TILE_HEIGHT: (grid.height,),
            tags.TILE_OFFSETS: offsets,
            tags.TILE_BYTES: sizes,
        }
    strips = {tags.STRIP_OFFSETS: offsets, tags.STRIP_BYTES: sizes, tags.ROWS_PER_STRIP: (grid.height,)}
    return directory | strips


def _with_directory(data: bytes, directory: dict[int, tuple[int, ...]], layout: Layout) -> bytes:
    """A copy of a file whose only directory is ``directory``."""
    order, word, kind = layout.order, layout.word, 16 if layout.big else 4
    start = len(data) + len(data) % 2
    behind = start + layout.directory_size(len(directory))
    table, blocks = struct.pack(order + layout.count_format, len(directory)), b""
    for tag, values in sorted(directory.items()):
        block = struct.pack(f"{order}{len(values)}{word}", *values)
        table += struct.pack(f"{order}HH{word}", tag, kind, len(values))
        table += block if len(values) == 1 else struct.pack(order + word, behind + len(blocks))
        blocks += block if len(values) > 1 else b""
    header = data[: 8 if layout.big else 4] + struct.pack(order + word, start)
    padding = b"\0" * (start - len(data))
    return b"".join((header, data[len(header) :], padding, table, struct.pack(order + word, 0), blocks))
