"""Size and position of a picture by the header of its file; no pixel is decoded."""

from dataclasses import dataclass
from pathlib import Path

from PIL import ExifTags, Image, UnidentifiedImageError

from lowlight_cli.errors import ImageError

_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, KeyError, TypeError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of a picture tells.

    Attributes:
        width: Columns as stored.
        height: Rows as stored.
        orientation: EXIF value 1 to 8; 1 is upright, also where none is stated.
    """

    width: int
    height: int
    orientation: int = 1


def read_header(path: Path) -> Header:
    """Opens a file just far enough to learn its size.

    Args:
        path: A regular file.

    Raises:
        ImageError: ``unreadable`` or ``permission``.
    """
    try:
        if not path.is_file():
            raise ImageError("unreadable", "not a regular file")
        with Image.open(path) as image:
            return Header(image.width, image.height, _orientation(image))
    except PermissionError as error:
        raise ImageError("permission", "no permission to read the file") from error
    except UnidentifiedImageError as error:
        raise ImageError("unreadable", "not a picture that can be read") from error
    except Image.DecompressionBombError as error:
        raise ImageError("too_large", " ".join(str(error).split())) from error
    except _DAMAGE as error:
        raise ImageError("unreadable", " ".join(str(error).split()) or type(error).__name__) from error


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except _DAMAGE:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
