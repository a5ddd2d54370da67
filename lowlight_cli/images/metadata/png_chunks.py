"""Reads and writes the chunks of a PNG that hold metadata.

Source: PNG specification, third edition, sections 5 and 11.3; ImageMagick's raw profiles, which older
programs and IPTC need.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from lowlight_cli.images.metadata.exif import PREFIX

START = b"\x89PNG\r\n\x1a\n"
_XMP_KEYWORD, _PROFILE = b"XML:com.adobe.xmp", b"Raw profile type "
_MAX_BYTES = 32 * 2**20
"""Limit of a decompressed text, since a few compressed bytes could expand to fill the memory."""


class Chunk(NamedTuple):
    """A chunk of a file.

    Attributes:
        kind: Its type (four letters).
        data: Its content; empty for pixels.
        start: Offset of its first byte.
        end: Offset of the next chunk.
    """

    kind: bytes
    data: bytes
    start: int
    end: int


def read_png(data: bytes) -> tuple[bytes, bytes, bytes, bool]:
    """EXIF block, XMP packet and Photoshop's resources of a file, and whether they are undamaged."""
    found: dict[bytes, bytes] = {}
    whole = True
    for chunk in read_chunks(data):
        try:
            name, block = _block(chunk)
        except (ValueError, zlib.error):
            whole = False
        else:
            found.setdefault(name, block)
    old_exif = found.get(b"exif", found.get(b"app1", b""))
    exif = found.get(b"eXIf", old_exif if old_exif.startswith(PREFIX) else b"")
    xmp = found.get(_XMP_KEYWORD, found.get(b"xmp", b""))
    return exif, xmp, found.get(b"iptc", found.get(b"8bim", b"")), whole


def write_png(data: bytes, exif: bytes, xmp: bytes, resources: bytes) -> bytes:
    """The file with metadata added after its header.

    Args:
        data: A whole file without metadata.
        exif: EXIF block without prefix.
        xmp: XMP packet.
        resources: Photoshop's image resources.
    """
    new = [make_chunk(b"eXIf", exif)] if exif else []
    new += [make_chunk(b"iTXt", _XMP_KEYWORD + b"\0\0\0\0\0" + xmp)] if xmp else []
    new += (
        [make_chunk(b"zTXt", _PROFILE + b"iptc\0\0" + zlib.compress(_profile(resources)))]
        if resources
        else []
    )
    header_end = len(START) + 25
    return b"".join((data[:header_end], *new, data[header_end:]))


def read_chunks(data: bytes) -> Iterator[Chunk]:
    """Chunks up to the end, or up to the first incomplete one."""
    position = len(START)
    while position + 12 <= len(data):
        size = int.from_bytes(data[position : position + 4])
        end = position + 12 + size
        if end > len(data):
            return
        kind = data[position + 4 : position + 8]
        # Pixels are most of the file, so they are not copied.
        content = b"" if kind in (b"IDAT", b"fdAT") else data[position + 8 : end - 4]
        yield Chunk(kind, content, position, end)
        position = end


def _block(chunk: Chunk) -> tuple[bytes, bytes]:
    """Name and content of the block of metadata in a chunk; the content is empty if it holds none."""
    if chunk.kind == b"eXIf":
        return chunk.kind, chunk.data
    keyword, _, rest = chunk.data.partition(b"\0")
    if chunk.kind == b"iTXt" and keyword == _XMP_KEYWORD:
        packed, text = rest[:1] == b"\1", rest[2:].split(b"\0", 2)[-1]
        return keyword, _unpacked(text) if packed else text
    if chunk.kind in (b"zTXt", b"tEXt") and keyword.lower().startswith(_PROFILE.lower()):
        text = _unpacked(rest[1:]) if chunk.kind == b"zTXt" else rest
        return keyword[len(_PROFILE) :].lower(), _block_of_profile(text)
    return chunk.kind, b""


def _unpacked(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    text = stream.decompress(data, _MAX_BYTES)
    if stream.unconsumed_tail or not stream.eof:
        raise ValueError("damaged or unreasonably large text")
    return text


def _block_of_profile(text: bytes) -> bytes:
    """Content of a raw profile: lines of its name, its size and its bytes in hexadecimal."""
    _, size, *lines = text.split(maxsplit=2)
    block = bytes.fromhex(b"".join(lines).decode("ascii"))
    if len(block) != int(size):
        raise ValueError("damaged profile")
    return block


def _profile(block: bytes) -> bytes:
    digits = block.hex().encode()
    lines = [digits[start : start + 72] for start in range(0, len(digits), 72)]
    return b"\niptc\n%8d\n" % len(block) + b"\n".join(lines) + b"\n"


def make_chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
