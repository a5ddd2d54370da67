"""When a photo was taken, from the header of its file."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lowlight_cli.images.formats import format_of
from lowlight_cli.images.mute_native_libs import libraries_muted

if TYPE_CHECKING:
    from PIL import Image

_EXIF_DIRECTORY = 0x8769
_TAKEN, _DIGITIZED, _CHANGED = 36867, 36868, 306
"""Tags DateTimeOriginal and DateTimeDigitized of the Exif directory, and DateTime of the main directory."""


def taken_at(path: Path) -> datetime:
    """Local time of the exposure, without a time zone, as cameras record it.

    It is EXIF ``DateTimeOriginal``, else ``DateTimeDigitized`` or ``DateTime``; without them, or if the
    header cannot be read, the modification time of the file. Pixels are not decoded.

    Args:
        path: An image file; for one that does not exist the result is 1970-01-01.
    """
    return _from_exif(path) or _modified(path)


def _from_exif(path: Path) -> datetime | None:
    # Pillow takes longer to import than a run without dates takes to plan.
    from PIL import Image

    try:
        if not path.is_file():
            return None
        if format_of(path) == "heif":
            return _first_moment(_exif_of_heif(path))
        with libraries_muted(), Image.open(path) as image:
            return _first_moment(image.getexif())
    except Exception:  # a damaged header is reported when the image is decoded
        return None


def _exif_of_heif(path: Path) -> "Image.Exif":
    import pillow_heif
    from PIL import Image

    exif = Image.Exif()
    exif.load(pillow_heif.open_heif(path).info["exif"])
    return exif


def _first_moment(exif: "Image.Exif") -> datetime | None:
    details = exif.get_ifd(_EXIF_DIRECTORY)
    texts = (details.get(_TAKEN), details.get(_DIGITIZED), exif.get(_CHANGED))
    return next((moment for text in texts if (moment := _parsed(text))), None)


def _parsed(text: object) -> datetime | None:
    """The moment of an EXIF text such as ``2024:05:01 22:10:00``; None for blanks and zeros."""
    try:
        return datetime.strptime(str(text).strip("\0 ")[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None


def _modified(path: Path) -> datetime:
    try:
        seconds = path.stat().st_mtime
    except OSError:
        seconds = 0.0
    return datetime.fromtimestamp(seconds)
