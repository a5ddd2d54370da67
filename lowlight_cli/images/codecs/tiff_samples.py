"""Reads the stored numbers of a TIFF page, 1 to 16 bits each, in any byte order and planar configuration.

Source: TIFF 6.0, sections 8, 14 and 15; libtiff for the compressions that have a predictor.
"""

import numpy as np

from lowlight_cli.images.codecs import tiff_tags as tags
from lowlight_cli.images.codecs.tiff_segments import UNCOMPRESSED, Segments
from lowlight_cli.images.codecs.tiff_tags import Page
from lowlight_cli.images.codecs.tiff_unpack import Bytes, unpack
from lowlight_cli.images.picture import Samples

_PACKBITS = 32773
_ZSTD, _OTHER_ZSTD = 50000, 34926
BYTE_METHODS = {
    **{method: method for method in (UNCOMPRESSED, 5, 8, 32946, _PACKBITS, 34925, _ZSTD)},
    _OTHER_ZSTD: _ZSTD,
}
"""Compressions of plain bytes, each with its number in libtiff.

None, LZW, Deflate (two numbers), PackBits, LZMA, Zstandard (two numbers).
"""

_HORIZONTAL = 2
_STEP = 2**20
"""Numbers of other than 8 or 16 bits that are unpacked at a time."""


def read_samples(data: bytes, page: Page, segments: Segments, bits: int) -> Samples:
    """Stored numbers, uint8, or uint16 above 8 bits, (h, w, samples).

    Args:
        data: The whole file.
        page: A page whose compression is one of ``BYTE_METHODS``.
        segments: Its strips or tiles.
        bits: Bits per sample, 1 to 16.

    Raises:
        ImageError: ``truncated``: a strip or tile is incomplete. ``unsupported``: an unknown predictor.
        OSError: Its data are damaged.
    """
    together = page.first(tags.SAMPLES, 1) // segments.planes
    parts = [
        _read_plane(data, page, segments, plane, together=together, bits=bits)
        for plane in range(segments.planes)
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=2)


def read_rows(data: bytes, page: Page, segments: Segments, plane: int, row: int, *, height: int = 1) -> Bytes:
    """Decompressed rows of all strips or tiles of a plane, one segment after the other.

    Args:
        data: The whole file.
        page: The page.
        segments: Its strips or tiles.
        plane: Index of the plane.
        row: Bytes of a row.
        height: Rows of pixels that are stored as one row of bytes.
    """
    places = segments.of_plane(plane)
    rows = [segments.height] * len(places)
    if not segments.are_tiles:
        rows[-1] = page.first(tags.HEIGHT, 0) - segments.height * (segments.down - 1)
    stored = [-(-count // height) for count in rows]
    return unpack(data, page, places, stored, row, BYTE_METHODS[page.first(tags.COMPRESSION, UNCOMPRESSED)])


def _read_plane(
    data: bytes, page: Page, segments: Segments, plane: int, *, together: int, bits: int
) -> Samples:
    """Samples of one plane, (h, w, together).

    Args:
        data: The whole file.
        page: The page.
        segments: Its strips or tiles.
        plane: Index of the plane.
        together: Samples of a pixel in the plane.
        bits: Bits per sample.
    """
    height, width = page.first(tags.HEIGHT, 0), page.first(tags.WIDTH, 0)
    count = segments.width * together
    predictor = predictor_of(page, bits)
    stored = read_rows(data, page, segments, plane, -(-count * bits // 8))
    numbers = _numbers_of(stored, bits, count, page.layout.order).reshape(-1, segments.width, together)
    if predictor == _HORIZONTAL:
        numbers = np.cumsum(numbers, axis=1, dtype=numbers.dtype)
    if not segments.are_tiles:
        return numbers
    tiles = numbers.reshape(segments.down, segments.across, segments.height, segments.width, together)
    rows = tiles.swapaxes(1, 2).reshape(segments.down * segments.height, -1, together)
    return rows[:height, :width]


def predictor_of(page: Page, bits: int) -> int:
    """Predictor of a page: 1 for none, 2 for horizontal differences.

    As in libtiff, pages that are uncompressed or compressed with PackBits have none.

    Raises:
        ImageError: ``unsupported``.
    """
    predictor = page.first(tags.PREDICTOR, 1)
    if page.first(tags.COMPRESSION, UNCOMPRESSED) in (UNCOMPRESSED, _PACKBITS) or predictor == 1:
        return 1
    if predictor != _HORIZONTAL or bits not in (8, 16):
        raise tags.unsupported(f"{bits} bits and predictor {predictor}", "save it without a predictor")
    return predictor


def _numbers_of(stored: Bytes, bits: int, count: int, order: str) -> Samples:
    """Numbers of rows of bytes, (rows, count).

    Args:
        stored: Rows.
        bits: Bits of a number. Numbers of other than 8 or 16 bits start with the highest bit in either byte
            order.
        count: Numbers in a row.
        order: Byte order of numbers of 16 bits.
    """
    if bits == 8:
        return stored
    if bits == 16:
        return stored.view(order + "u2").astype(np.uint16)
    field = 8 if bits < 8 else 16
    numbers = np.empty((len(stored), count), np.uint8 if bits < 8 else np.uint16)
    step = max(1, _STEP // count)
    for top in range(0, len(stored), step):
        rows = stored[top : top + step]
        fields = np.zeros((len(rows), count, field), np.uint8)
        fields[..., field - bits :] = np.unpackbits(rows, axis=1, count=count * bits).reshape(-1, count, bits)
        numbers[top : top + step] = np.packbits(fields, axis=2).view(f">u{field // 8}")[..., 0]
    return numbers
