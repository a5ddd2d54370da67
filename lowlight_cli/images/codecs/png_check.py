"""Checks the chunks of a PNG and repairs a truncated one.

Source: PNG (Third Edition), sections 5.3 (chunks), 5.4 (CRC) and 8.1 (interlacing).
"""

import struct
import zlib
from contextlib import suppress

from lowlight_cli.errors import ImageError
from lowlight_cli.images.metadata.png_chunks import START, make_chunk, read_chunks

_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column and row, and the steps between columns and rows, of each pass of an interlaced PNG."""
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def is_sixteen_bit_png(data: bytes) -> bool:
    """Whether a PNG has 16 bits per channel."""
    return data[24:25] == b"\x10"


def check_png(data: bytes) -> None:
    """Verifies the checksum of every chunk, up to IEND.

    Raises:
        ImageError: ``truncated`` or ``unreadable``.
    """
    kind = b""
    for chunk in read_chunks(data):
        kind = chunk.kind
        if zlib.crc32(memoryview(data)[chunk.start + 4 : chunk.end - 4]) != int.from_bytes(
            data[chunk.end - 4 : chunk.end]
        ):
            raise ImageError("unreadable", "the PNG is damaged: a checksum is wrong")
        if kind == b"IEND":
            return
    if kind != b"IEND":
        raise ImageError("truncated", "the end of the PNG is missing")


def repair_png(data: bytes) -> bytes | None:
    """A complete PNG from a truncated one, with black for the missing pixels; None if no pixel is left.

    Args:
        data: The truncated file. Check its width and height first: the result has room for all pixels.
    """
    if len(data) < 33:
        return None
    width, height, bits, color, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    kept: list[bytes] = []
    parts: list[bytes] = []
    pixels = zlib.decompressobj()
    size = _raw_size(width, height, bits * _CHANNELS.get(color, 1), interlaced=bool(interlaced))
    raw = bytearray()
    end = len(START)
    for chunk in read_chunks(data):
        end = chunk.end
        if chunk.kind == b"IDAT":
            parts.append(data[chunk.start + 8 : chunk.end - 4])
        elif not parts and chunk.kind != b"IEND":
            kept.append(data[chunk.start : chunk.end])
    if data[end + 4 : end + 8] == b"IDAT":
        parts.append(data[end + 8 :])
    with suppress(zlib.error):
        for part in parts:
            raw += pixels.decompress(part, max(1, size - len(raw)))
    if not raw:
        return None
    stream = zlib.compress(bytes(raw).ljust(size, b"\0"), 1)
    return b"".join((START, *kept, make_chunk(b"IDAT", stream), make_chunk(b"IEND", b"")))


def without_texts(data: bytes) -> bytes:
    """The PNG without text and profile chunks, which can expand to gigabytes."""
    kept = (chunk for chunk in read_chunks(data) if chunk.kind not in (b"zTXt", b"iTXt", b"tEXt", b"iCCP"))
    return START + b"".join(data[chunk.start : chunk.end] for chunk in kept)


def _raw_size(width: int, height: int, bits: int, *, interlaced: bool) -> int:
    """Uncompressed bytes of all rows, including the filter byte of each.

    Args:
        width: Columns.
        height: Rows.
        bits: Bits per pixel.
        interlaced: Whether the image is stored in seven passes.
    """
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    size = 0
    for left, top, across, down in passes:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            size += rows * (1 + -(-columns * bits // 8))
    return size
