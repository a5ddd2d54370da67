"""Reads camera raw files through LibRaw, which the extra ``raw`` installs."""

import struct
from io import BytesIO

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs import tiff_tags as tags
from lowlight_cli.images.codecs.boxes import breaks_off
from lowlight_cli.images.codecs.tiff_segments import all_pages, check_inside, cut_off, stated_places
from lowlight_cli.images.frames import Colors, make_frame
from lowlight_cli.images.limits import check_size
from lowlight_cli.images.metadata.read import read_metadata
from lowlight_cli.images.picture import Picture, Restore
from lowlight_cli.images.settings import ReadSettings

_SRGB_CURVE = (2.4, 12.92)
"""As LibRaw takes it: exponent, and slope of the linear part near black."""


def read_raw(data: bytes, settings: ReadSettings) -> Picture:
    """Develops a raw file with the white balance and exposure of the camera: upright, 16 bits.

    Args:
        data: The whole file.
        settings: The size limit.

    Raises:
        ImageError: ``unsupported``: LibRaw is not installed or does not support the camera. ``unreadable``,
            ``truncated`` or ``too_large``.
    """
    try:
        import rawpy
    except ImportError as error:
        message = "camera raw support is not installed; run pip install 'lowlight-cli[raw]'"
        raise ImageError("unsupported", message) from error
    check_raw(data)
    try:
        with rawpy.imread(BytesIO(data)) as raw:
            check_size(raw.sizes.iwidth, raw.sizes.iheight, settings)
            gray = raw.num_colors == 1
            samples = raw.postprocess(
                use_camera_wb=True, no_auto_bright=True, output_bps=16, gamma=_SRGB_CURVE
            )
    except rawpy.LibRawFileUnsupportedError as error:
        message = "LibRaw does not support this camera raw file; convert it to TIFF first"
        raise ImageError("unsupported", message) from error
    except (rawpy.LibRawIOError, rawpy.LibRawDataError) as error:
        raise ImageError("truncated", f"the camera raw file is truncated: {_text(error)}") from error
    except (rawpy.LibRawError, rawpy.NotSupportedError) as error:
        raise ImageError("unreadable", f"the camera raw file cannot be read: {_text(error)}") from error
    frame = make_frame(samples[..., :1] if gray else samples, Colors())
    height, width = frame.pixels.shape[:2]
    metadata, damage = read_metadata(data, None, width, height)
    return Picture((frame,), Restore("raw", metadata), damage)


def _text(error: Exception) -> str:
    """Message of an error of LibRaw, which gives it as bytes."""
    message = error.args[0] if error.args else ""
    return message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)


_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""Of files that list their strips as TIFF does; Panasonic's and Olympus's headers follow other rules."""
_SMALLER_COPY = 1
_FUJIFILM_START, _FUJIFILM_SENSOR = b"FUJIFILMCCD-RAW", 100


def check_raw(data: bytes) -> None:
    """Rejects camera raw files whose sensor data are truncated.

    Args:
        data: The whole file.

    Raises:
        ImageError: ``truncated``.
        EOFError: A directory lies beyond the end of the file.
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
