"""Reads and writes the chunks of a WebP that hold metadata.

Source: WebP container specification (RIFF), "Extended file format".
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from lowlight_cli.images.metadata.exif import PREFIX

_EXTENDED, _EXIF, _XMP = b"VP8X", b"EXIF", b"XMP "
_HAS_EXIF, _HAS_XMP, _HAS_ALPHA = 0x08, 0x04, 0x10
_HEADER_SIZE = 12


class Chunk(NamedTuple):
    """A RIFF chunk: its type (four letters) and its content."""

    kind: bytes
    data: bytes


def read_webp(data: bytes) -> tuple[bytes, bytes, bytes, bool]:
    """EXIF block and XMP packet of a file, empty bytes for IPTC, and True for undamaged."""
    found: dict[bytes, bytes] = {}
    for chunk in _read_chunks(data):
        found.setdefault(chunk.kind, chunk.data)
    return found.get(_EXIF, b"").removeprefix(PREFIX), found.get(_XMP, b""), b"", True


def write_webp(data: bytes, exif: bytes, xmp: bytes) -> bytes:
    """The file with its metadata replaced.

    Args:
        data: A whole file.
        exif: EXIF block without prefix.
        xmp: XMP packet.

    Raises:
        ValueError: The file is not a WebP.
    """
    chunks = [chunk for chunk in _read_chunks(data) if chunk.kind not in (_EXIF, _XMP)]
    if not chunks:
        raise ValueError("no chunks in the WebP")
    header = chunks.pop(0) if chunks[0].kind == _EXTENDED else Chunk(_EXTENDED, _canvas(chunks[0]))
    flags = header.data[0] & ~(_HAS_EXIF | _HAS_XMP)
    flags |= _HAS_EXIF * bool(exif) | _HAS_XMP * bool(xmp)
    parts = [Chunk(_EXTENDED, bytes([flags]) + header.data[1:]), *chunks]
    parts += [Chunk(_EXIF, exif)] if exif else []
    parts += [Chunk(_XMP, xmp)] if xmp else []
    body = b"".join(map(_bytes, parts))
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _read_chunks(data: bytes) -> Iterator[Chunk]:
    position = _HEADER_SIZE
    while position + 8 <= len(data):
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        if position + 8 + size > len(data):
            return
        yield Chunk(data[position : position + 4], data[position + 8 : position + 8 + size])
        position += 8 + size + size % 2


def _bytes(chunk: Chunk) -> bytes:
    return chunk.kind + struct.pack("<I", len(chunk.data)) + chunk.data + bytes(len(chunk.data) % 2)


def _canvas(chunk: Chunk) -> bytes:
    """Content of the header that a simple file lacks: flags, and width and height minus 1."""
    if chunk.kind == b"VP8L":
        bits = int.from_bytes(chunk.data[1:5], "little")
        flags = _HAS_ALPHA * (bits >> 28 & 1)
        width, height = bits & 0x3FFF, bits >> 14 & 0x3FFF
    else:
        flags = 0
        width, height = (size & 0x3FFF for size in struct.unpack_from("<HH", chunk.data, 6))
        width, height = width - 1, height - 1
    return bytes([flags, 0, 0, 0]) + width.to_bytes(3, "little") + height.to_bytes(3, "little")
