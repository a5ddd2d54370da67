"""Converts the print resolution between EXIF and the fields of JPEG (JFIF) and PNG (pHYs).

Source: JFIF 1.02 (ITU-T T.871) for JPEG; PNG specification, 11.3.4.3, for PNG.
"""

import struct
from dataclasses import replace
from typing import NamedTuple

from lowlight_cli.images.metadata.exif import Exif
from lowlight_cli.images.metadata.jpeg_segments import START as JPEG_START
from lowlight_cli.images.metadata.jpeg_segments import read_segments
from lowlight_cli.images.metadata.png_chunks import START as PNG_START
from lowlight_cli.images.metadata.png_chunks import make_chunk, read_chunks
from lowlight_cli.images.metadata.tiff_directory import SHORT, Entry, number_entry, whole_numbers

_ACROSS, _DOWN, _UNIT = 282, 283, 296
_INCH, _CENTIMETER = 2, 3
_FRACTION = 5
_JFIF = b"JFIF\0"
_INCHES_PER_METER = 39.3701


class Density(NamedTuple):
    """Pixels per unit of length, and the unit as in EXIF: 2 for inches, 3 for centimeters."""

    across: float
    down: float
    unit: int

    @property
    def per_meter(self) -> tuple[int, int]:
        """Pixels per meter, across and down."""
        times = 100 if self.unit == _CENTIMETER else _INCHES_PER_METER
        return round(self.across * times), round(self.down * times)


def density_of_file(data: bytes) -> Density | None:
    """Resolution in the header of a JPEG or PNG; None if none is stated."""
    if data.startswith(JPEG_START):
        found = next((s.data for s in read_segments(data) if s.data.startswith(_JFIF)), b"")
        if len(found) >= 12 and found[7] in (1, 2):
            across, down = struct.unpack_from(">HH", found, 8)
            return Density(across, down, found[7] + 1) if across and down else None
    elif data.startswith(PNG_START):
        found = next((chunk.data for chunk in read_chunks(data) if chunk.kind == b"pHYs"), b"")
        if len(found) == 9 and found[8] == 1:
            across, down = (round(n / _INCHES_PER_METER, 2) for n in struct.unpack_from(">II", found))
            return Density(across, down, _INCH) if across and down else None
    return None


def density_of_exif(exif: Exif) -> Density | None:
    """Resolution in EXIF; None if it is missing or invalid."""
    across, down = (_fraction(exif.main.get(tag), exif.order) for tag in (_ACROSS, _DOWN))
    unit = next(iter(whole_numbers(exif.main.get(_UNIT), exif.order)), _INCH)
    if min(across, down) <= 0 or unit not in (_INCH, _CENTIMETER):
        return None
    return Density(across, down, unit)


def with_density(exif: Exif, density: Density | None) -> Exif:
    """EXIF with the resolution added, unless it has one."""
    if density is None or _ACROSS in exif.main:
        return exif
    across, down = (
        Entry(_FRACTION, struct.pack(exif.order + "II", round(number * 100), 100)) for number in density[:2]
    )
    entries = {_ACROSS: across, _DOWN: down, _UNIT: number_entry(density.unit, exif.order, SHORT)}
    return replace(exif, main=exif.main | entries)


def stamp_density(encoded: bytes, density: Density | None) -> bytes:
    """A JPEG or PNG with the resolution in its header; other files are returned unchanged.

    Args:
        encoded: A whole file; a PNG must not have a ``pHYs`` chunk.
        density: The resolution, or None to change nothing.
    """
    if density is None:
        return encoded
    if encoded.startswith(PNG_START):
        chunk = make_chunk(b"pHYs", struct.pack(">IIB", *density.per_meter, 1))
        header_end = len(PNG_START) + 25
        return encoded[:header_end] + chunk + encoded[header_end:]
    first = next(read_segments(encoded), None) if encoded.startswith(JPEG_START) else None
    if first is None or not first.data.startswith(_JFIF) or max(density[:2]) > 65535:
        return encoded
    place = first.start + 4 + 7
    fields = struct.pack(">BHH", density.unit - 1, round(density.across), round(density.down))
    return encoded[:place] + fields + encoded[place + len(fields) :]


def _fraction(entry: Entry | None, order: str) -> float:
    """Value of an entry of one unsigned fraction; 0 for other types, and for values too large to write."""
    if entry is None or entry.kind != _FRACTION or len(entry.data) != 8:
        return 0.0
    above, below = struct.unpack(order + "II", entry.data)
    value = above / below if below else 0.0
    return value if value < 2**31 / 100 else 0.0
