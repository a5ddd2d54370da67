"""Decompresses the strips and tiles of a TIFF page through the libtiff inside Pillow.

Pillow supports only a few pixel types of TIFF. So compressed strips and tiles are copied into a TIFF whose
pixels are single bytes, which it always reads; interpreting the bytes is up to the caller.
"""

import struct
from collections.abc import Sequence
from io import BytesIO
from itertools import accumulate

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from lowlight_cli.images.codecs import tiff_tags as tags
from lowlight_cli.images.codecs.read_pillow import samples_of
from lowlight_cli.images.codecs.tiff_segments import UNCOMPRESSED, Segments, cut_out
from lowlight_cli.images.codecs.tiff_tags import Page
from lowlight_cli.images.metadata.tiff_directory import (
    LONG,
    Directory,
    DirectoryWriter,
    Entry,
    Layout,
    in_order,
)

Bytes = UInt8[np.ndarray, "rows bytes"]

_LAYOUT = Layout("<")
_START = struct.Struct("<2sHI")
_KEPT_TAGS = frozenset(
    (
        *(tags.WIDTH, tags.HEIGHT, tags.BITS, tags.COMPRESSION, tags.PHOTOMETRIC, tags.FILL_ORDER),
        *(tags.SAMPLES, tags.ROWS_PER_STRIP, tags.PLANAR, tags.FAX_3_OPTIONS, tags.FAX_4_OPTIONS),
        *(tags.COLOR_MAP, tags.TILE_WIDTH, tags.TILE_HEIGHT, tags.EXTRA_SAMPLES, tags.JPEG_TABLES),
        *(tags.LUMA_WEIGHTS, tags.SUBSAMPLING, tags.CHROMA_POSITION, tags.REFERENCE_LEVELS, tags.ICC_PROFILE),
    )
)
"""Tags that libtiff and Pillow need to decode a page."""
_LONGER_KINDS = (16, 17, 18)
"""Types of 8-byte integers, which only BigTIFF has."""
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits reversed."""
_LAST_BIT_FIRST = 2
_MAX_BYTES = 2**32 - 2**26
"""Of all segments of a page: the limit of 32-bit offsets, minus room for the directory."""


def unpack(
    data: bytes, page: Page, places: Sequence[tuple[int, int]], each: Sequence[int], row: int, method: int
) -> Bytes:
    """Decompressed rows of strips or tiles, one segment after the other.

    Args:
        data: The whole file.
        page: The page they belong to.
        places: Offset and size of each segment.
        each: Rows of each segment; all but the last have the same number.
        row: Bytes of a row.
        method: Number of the compression in libtiff.

    Raises:
        ImageError: ``truncated``: some lie beyond the end of the file.
        OSError: Their data are damaged.
    """
    backwards = page.first(tags.FILL_ORDER, 1) == _LAST_BIT_FIRST
    if method == UNCOMPRESSED:
        whole = bytearray().join(
            cut_out(data, offset, rows * row) for (offset, _), rows in zip(places, each, strict=True)
        )
        stored = whole.translate(_REVERSED) if backwards else whole
        return np.frombuffer(stored, np.uint8).reshape(-1, row)
    directory = {
        tags.WIDTH: _number(row),
        tags.HEIGHT: _number(sum(each)),
        tags.BITS: _number(8),
        tags.COMPRESSION: _number(method),
        tags.PHOTOMETRIC: _number(1),
        tags.SAMPLES: _number(1),
        tags.ROWS_PER_STRIP: _number(each[0]),
    }
    strips = [cut_out(data, *place) for place in places]
    if backwards:
        strips = [strip.translate(_REVERSED) for strip in strips]
    with Image.open(BytesIO(_make_file(directory, strips, are_tiles=False)), formats=["TIFF"]) as image:
        return samples_of(image)[..., 0]


def page_alone(data: bytes, page: Page, segments: Segments) -> bytes:
    """A page of any byte order, also of BigTIFF, as a small TIFF for Pillow; no orientation or metadata."""
    kept = {tag: entry for tag, entry in page.entries.items() if tag in _KEPT_TAGS}
    directory = {
        tag: _numbers(page.all(tag)) if entry.kind in _LONGER_KINDS else entry
        for tag, entry in in_order(kept, page.layout.order, _LAYOUT.order).items()
    }
    strips = [cut_out(data, *place) for place in segments.places]
    return _make_file(directory, strips, are_tiles=segments.are_tiles)


def _make_file(directory: Directory, segments: Sequence[bytes], *, are_tiles: bool) -> bytes:
    """A TIFF of one page: header, directory, strips or tiles.

    Raises:
        ImageError: ``unsupported``: too large for 32-bit offsets.
    """
    sizes = [len(segment) for segment in segments]
    if sum(sizes) > _MAX_BYTES:
        raise tags.unsupported("a compressed page of more than 4 GiB", "save it uncompressed")
    start = len(_head(directory, sizes, 0, are_tiles=are_tiles))
    return b"".join((_head(directory, sizes, start, are_tiles=are_tiles), *segments))


def _head(directory: Directory, sizes: Sequence[int], start: int, *, are_tiles: bool) -> bytes:
    offsets = list(accumulate(sizes[:-1], initial=start))
    place, size = (
        (tags.TILE_OFFSETS, tags.TILE_BYTES) if are_tiles else (tags.STRIP_OFFSETS, tags.STRIP_BYTES)
    )
    writer = DirectoryWriter(_LAYOUT, _START.pack(b"II", 42, _START.size))
    writer.add({**directory, place: _numbers(offsets), size: _numbers(sizes)})
    return bytes(writer.data)


def _number(value: int) -> Entry:
    return _numbers((value,))


def _numbers(values: Sequence[int]) -> Entry:
    return Entry(LONG, struct.pack(f"<{len(values)}I", *(min(value, 2**32 - 1) for value in values)))
