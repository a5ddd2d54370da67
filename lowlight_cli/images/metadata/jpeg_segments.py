"""Reads and writes the segments of a JPEG that hold metadata.

Source: ITU-T T.81, B.1; CIPA DC-008 for EXIF; Adobe's XMP specification part 3 for XMP.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lowlight_cli.images.metadata.exif import PREFIX
from lowlight_cli.images.metadata.xmp_extension import ExtensionParts, join_xmp, split_xmp

START = b"\xff\xd8"
MAX_SEGMENT_BYTES = 65_533
"""Bytes of a segment after its length field."""

_APP0, _APP1, _APP2, _APP13 = 0xE0, 0xE1, 0xE2, 0xED
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of the segment that holds the size: all but tables and an extension."""
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_SCAN, _END = 0xDA, 0xD9
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_ICC = b"ICC_PROFILE\0"
_ICC_PARTS = 255
"""Most segments of a profile: each notes its number and how many there are in one byte each."""
_OURS = (PREFIX, _XMP, _EXTENSION, _PHOTOSHOP)


class Segment(NamedTuple):
    """A segment before the first scan.

    Attributes:
        marker: Second byte of its marker.
        start: Offset of its first byte.
        data: Its content after the length field.
        end: Offset of the next segment.
    """

    marker: int
    start: int
    data: bytes
    end: int


def read_jpeg(data: bytes) -> tuple[bytes, bytes, bytes, bool]:
    """EXIF block, XMP packet and Photoshop's resources of a file, and whether they are undamaged."""
    exif, xmp, resources = [], [], []
    extensions = ExtensionParts()
    for segment in read_segments(data):
        if segment.marker == _APP1 and segment.data.startswith(PREFIX):
            # A block of more than 64 kB continues in further segments, which repeat the prefix.
            exif.append(segment.data.removeprefix(PREFIX))
        elif segment.marker == _APP1 and segment.data.startswith(_XMP):
            xmp.append(segment.data.removeprefix(_XMP))
        elif segment.marker == _APP1 and segment.data.startswith(_EXTENSION):
            extensions.add(segment.data.removeprefix(_EXTENSION))
        elif segment.marker == _APP13 and segment.data.startswith(_PHOTOSHOP):
            resources.append(segment.data.removeprefix(_PHOTOSHOP))
    packet = xmp[0] if xmp else b""
    further, whole = extensions.joined()
    try:
        packet = join_xmp(packet, further) if xmp else b""
    except ValueError:
        whole = False
    return b"".join(exif), packet, b"".join(resources), whole


def write_jpeg(data: bytes, exif: bytes, xmp: bytes, resources: bytes) -> bytes:
    """The file with its metadata replaced.

    Args:
        data: A whole file.
        exif: EXIF block without prefix.
        xmp: XMP packet of any size.
        resources: Photoshop's image resources.

    Raises:
        ValueError: A block is too large for JPEG.
    """
    segments = list(read_segments(data))
    head = [s for s in segments if s.marker == _APP0]
    kept = [s for s in segments if s.marker != _APP0 and not s.data.startswith(_OURS)]
    new = [_segment(_APP1, PREFIX + exif)] if exif else []
    new += _xmp_segments(xmp) if xmp else []
    new += [_segment(_APP13, _PHOTOSHOP + resources)] if resources else []
    rest = data[segments[-1].end if segments else len(START) :]
    return b"".join((START, *_bytes(data, head), *new, *_bytes(data, kept), rest))


def with_profile(data: bytes, profile: bytes) -> bytes:
    """The file with an ICC profile added after its header (ICC.1, B.4).

    Args:
        data: A whole file without profile.
        profile: An ICC profile.

    Raises:
        ValueError: The profile is too large for JPEG.
    """
    most = MAX_SEGMENT_BYTES - len(_ICC) - 2
    parts = [profile[start : start + most] for start in range(0, len(profile), most)]
    if len(parts) > _ICC_PARTS:
        raise ValueError(f"a profile of {len(profile)} bytes does not fit into JPEG")
    head = next((segment.end for segment in read_segments(data) if segment.marker == _APP0), len(START))
    new = [_segment(_APP2, _ICC + bytes([place + 1, len(parts)]) + part) for place, part in enumerate(parts)]
    return b"".join((data[:head], *new, data[head:]))


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Height and width from the header of a file; 0 and 0 if it is no JPEG, or does not state them."""
    if not data.startswith(START):
        return 0, 0
    frame = next((segment.data for segment in read_segments(data) if segment.marker in _FRAMES), b"")
    height, width = struct.unpack(">HH", frame[1:5]) if len(frame) >= 5 else (0, 0)
    return (height, width) if height and width else (0, 0)


def read_segments(data: bytes) -> Iterator[Segment]:
    """Segments up to the first scan, or up to the first damaged one."""
    position = len(START)
    while data[position : position + 1] == b"\xff" and position + 4 <= len(data):
        marker = data[position + 1]
        if marker == 0xFF:  # fill bytes may precede any marker
            position += 1
            continue
        if marker in (_SCAN, _END):
            return
        size = 0 if marker in _STANDALONE else int.from_bytes(data[position + 2 : position + 4])
        end = position + 2 + size
        if end > len(data) or (marker not in _STANDALONE and size < 2):
            return
        yield Segment(marker, position, data[position + 4 : end], end)
        position = end


def _bytes(data: bytes, segments: Iterable[Segment]) -> Iterator[bytes]:
    return (data[segment.start : segment.end] for segment in segments)


def _segment(marker: int, content: bytes) -> bytes:
    if len(content) > MAX_SEGMENT_BYTES:
        raise ValueError(f"{len(content)} bytes do not fit into a JPEG segment")
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def _xmp_segments(xmp: bytes) -> list[bytes]:
    most = MAX_SEGMENT_BYTES - len(_XMP)
    if len(xmp) <= most:
        return [_segment(_APP1, _XMP + xmp)]
    first, identity, second = split_xmp(xmp, most)
    head = _EXTENSION + identity + struct.pack(">I", len(second))
    step = MAX_SEGMENT_BYTES - len(head) - 4
    return [_segment(_APP1, _XMP + first)] + [
        _segment(_APP1, head + struct.pack(">I", start) + second[start : start + step])
        for start in range(0, len(second), step)
    ]
