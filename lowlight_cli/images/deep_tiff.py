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
from lowlight_cli.images.tiff_tags import Directory, TiffTags


class _Layout(NamedTuple):
    """How samples lie in a file: the size of a strip or tile, and how many of them there are."""

    height: int
    width: int
    rows: int
    columns: int


def read_deep_page(data: bytes, page: Directory) -> Samples:
    """Samples of a page, uint16 (h, w, samples).

    Args:
        data: The whole file.
        page: A directory with 16 bits per sample.

    Raises:
        ImageError: ``unsupported``: floating-point samples, or another layout that is not read.
        OSError: The file is damaged.
    """
    samples = page.first(tags.SAMPLES, 1)
    planes = samples if page.first(tags.PLANAR, 1) == 2 else 1
    offsets, sizes = _segments(page)
    layout = _layout(page)
    each = layout.rows * layout.columns
    if len(offsets) != each * planes or len(sizes) != len(offsets):
        raise ImageError("unsupported", "TIFF whose strips do not add up")
    parts = [
        _read_plane(data, page, layout, samples // planes, offsets[i : i + each], sizes[i : i + each])
        for i in range(0, each * planes, each)
    ]
    return np.concatenate(parts, axis=2)


def _segments(page: Directory) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where strips or tiles start, and their lengths in bytes."""
    tiled = tags.TILE_OFFSETS in page.values
    places, sizes = (
        (tags.TILE_OFFSETS, tags.TILE_BYTES) if tiled else (tags.STRIP_OFFSETS, tags.STRIP_BYTES)
    )
    return page.values.get(places, ()), page.values.get(sizes, ())


def _layout(page: Directory) -> _Layout:
    height, width = page.first(tags.HEIGHT, 0), page.first(tags.WIDTH, 0)
    tiled = tags.TILE_OFFSETS in page.values
    tall = page.first(tags.TILE_HEIGHT, 1) if tiled else min(page.first(tags.ROWS_PER_STRIP, height), height)
    wide = page.first(tags.TILE_WIDTH, 1) if tiled else width
    return _Layout(tall, wide, -(-height // max(tall, 1)), -(-width // max(wide, 1)))


def _read_plane(
    data: bytes,
    page: Directory,
    layout: _Layout,
    samples: int,
    offsets: tuple[int, ...],
    sizes: tuple[int, ...],
) -> Samples:
    """Samples that lie together, uint16 (h, w, samples)."""
    height, width = page.first(tags.HEIGHT, 0), page.first(tags.WIDTH, 0)
    tiled = tags.TILE_OFFSETS in page.values
    stored = (layout.rows * layout.height if tiled else height, layout.columns * layout.width * samples * 2)
    entries: dict[int, tuple[int, ...]] = {
        tags.WIDTH: (stored[1],),
        tags.HEIGHT: (stored[0],),
        tags.BITS: (8,),
        tags.COMPRESSION: (page.first(tags.COMPRESSION, 1),),
        tags.PHOTOMETRIC: (1,),
        266: (page.first(266, 1),),
        tags.SAMPLES: (1,),
    }
    if tiled:
        entries |= {tags.TILE_WIDTH: (layout.width * samples * 2,), tags.TILE_HEIGHT: (layout.height,)}
        entries |= {tags.TILE_OFFSETS: offsets, tags.TILE_BYTES: sizes}
    else:
        entries |= {tags.ROWS_PER_STRIP: (layout.height,), tags.STRIP_OFFSETS: offsets, tags.STRIP_BYTES: sizes}
    order = "<" if data[:2] == b"II" else ">"
    with Image.open(BytesIO(_with_directory(data, entries))) as image:
        rows = np.asarray(image)
    numbers = rows.view(order + "u2").astype(np.uint16).reshape(stored[0], layout.columns, layout.width, samples)
    if page.first(tags.PREDICTOR, 1) == 2:
        np.cumsum(numbers, axis=2, dtype=np.uint16, out=numbers)
    return numbers.reshape(stored[0], -1, samples)[:height, :width]


def _with_directory(data: bytes, entries: dict[int, tuple[int, ...]]) -> bytes:
    """A copy of a file whose only directory says what ``entries`` say."""
    reader = TiffTags(data)
    pointer, room, kind = ("Q", 8, 16) if reader.big else ("L", 4, 4)
    start = len(data) + len(data) % 2
    count = struct.pack(reader.order + ("Q" if reader.big else "H"), len(entries))
    behind = start + len(count) + len(entries) * (4 + 2 * room) + room
    table, blocks = b"", b""
    for tag, values in sorted(entries.items()):
        block = struct.pack(f"{reader.order}{len(values)}{pointer}", *values)
        table += struct.pack(f"{reader.order}HH{pointer}", tag, kind, len(values))
        if len(values) == 1:
            table += block
        else:
            table += struct.pack(reader.order + pointer, behind + len(blocks))
            blocks += block
    end = struct.pack(reader.order + pointer, 0)
    header = data[: 8 if reader.big else 4] + struct.pack(reader.order + pointer, start)
    return b"".join((header, data[len(header) :], b"\0" * (start - len(data)), count, table, end, blocks))
