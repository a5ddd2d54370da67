"""Makes PNG files of any size and with any chunks, byte by byte."""

import struct
import zlib

from lowlight_cli.images.metadata.png_chunks import make_chunk


def make_png(width, height, bits, color, rows, *chunks):
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    chunks = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(make_chunk(kind, content) for kind, content in chunks)


def make_interlaced_png(samples):
    """Seven passes, each a small image (PNG, section 8.1)."""
    passes = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ]
    rows = b""
    for left, top, across, down in passes:
        rows += b"".join(b"\0" + row.tobytes() for row in samples[top::down, left::across])
    data = bytearray(make_png(samples.shape[1], samples.shape[0], 8, 2, rows))
    data[28] = 1
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)
