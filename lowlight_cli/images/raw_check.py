"""Whether the sensor data of camera raw lie in the file: LibRaw fills what is missing, and says nothing.

Source: Adobe DNG 1.7; the header of Fujifilm's RAF as ExifTool documents it.
"""

import struct

from lowlight_cli.images import tiff_tags as tags
from lowlight_cli.images.boxes import breaks_off
from lowlight_cli.images.tiff_segments import all_pages, check_inside, cut_off, stated_places

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""Of files that state where their strips lie; Panasonic's and Olympus's own headers go with other rules."""
_SMALLER_COPY = 1
_FUJIFILM_START, _FUJIFILM_SENSOR = b"FUJIFILMCCD-RAW", 100


def check_raw(data: bytes) -> None:
    """Refuses camera raw whose sensor data break off.

    Args:
        data: The whole file.

    Raises:
        ImageError: ``truncated``.
        EOFError: A directory of the file lies outside of it.
    """
    if data.startswith(_TIFF_STARTS):
        _check_tiff(data)
    elif data.startswith(_FUJIFILM_START) and len(data) >= _FUJIFILM_SENSOR + 8:
        check_inside([struct.unpack_from(">II", data, _FUJIFILM_SENSOR)], len(data))
    elif breaks_off(data):
        raise cut_off()


def _check_tiff(data: bytes) -> None:
    for page in all_pages(data):
        if not page.first(tags.SUBFILE_KIND, 0) & _SMALLER_COPY:
            check_inside(stated_places(page), len(data))
            if not page.is_whole and not any(stated_places(page)):
                raise cut_off()
