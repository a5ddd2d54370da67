"""Reads the size and orientation of an image from the header of its file, without decoding pixels."""

from contextlib import suppress
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO

from PIL import ExifTags, Image, UnidentifiedImageError

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs import tiff_tags as tags
from lowlight_cli.images.codecs.tiff_tags import Page, read_pages
from lowlight_cli.images.metadata.tiff_directory import FileData

_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, KeyError, TypeError, AttributeError, OverflowError)
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@dataclass(frozen=True, slots=True)
class Header:
    """Size and orientation of a stored image.

    Attributes:
        width: Columns as stored.
        height: Rows as stored.
        orientation: EXIF value 1 to 8; 1 (upright) if none is stated.
    """

    width: int
    height: int
    orientation: int = 1


def read_header(path: Path) -> Header:
    """Size and orientation of the first image of a file.

    Args:
        path: A regular file.

    Raises:
        ImageError: ``unreadable`` or ``permission``.
    """
    try:
        if not path.is_file():
            raise ImageError("unreadable", "not a regular file")
        with path.open("rb") as file:
            pages = read_tiff_headers(file)
            if pages is not None:
                return _first(pages)
            with Image.open(file) as image:
                return Header(image.width, image.height, _orientation(image))
    except PermissionError as error:
        raise ImageError("permission", "no permission to read the file") from error
    except UnidentifiedImageError as error:
        raise ImageError("unreadable", "not an image in a supported format") from error
    except Image.DecompressionBombError as error:
        raise ImageError("too_large", " ".join(str(error).split())) from error
    except _DAMAGE as error:
        raise ImageError("unreadable", " ".join(str(error).split()) or type(error).__name__) from error


def _first(pages: tuple[Header, ...]) -> Header:
    if not pages:
        raise ImageError("unreadable", "the header of the file is damaged")
    return pages[0]


def read_tiff_headers(file: BinaryIO) -> tuple[Header, ...] | None:
    """Headers of the pages of a TIFF, since Pillow reads few kinds of TIFF; None for any other file.

    Args:
        file: A regular file, at its start; afterwards somewhere else.

    Raises:
        OSError: The file cannot be read.
    """
    if file.read(4) not in _TIFF_STARTS:
        return None
    with mmap(file.fileno(), 0, access=ACCESS_READ) as mapped:
        return tiff_headers(mapped)


def tiff_headers(data: FileData) -> tuple[Header, ...] | None:
    """Headers of the pages of a TIFF that is in memory; None for any other file.

    Args:
        data: A whole file.
    """
    if data[:4] not in _TIFF_STARTS:
        return None
    with suppress(EOFError, ValueError):
        return tuple(filter(None, map(_header_of, read_pages(data))))
    return ()


def _header_of(page: Page) -> Header | None:
    width, height = page.first(tags.WIDTH, 0), page.first(tags.HEIGHT, 0)
    orientation = page.first(tags.ORIENTATION, 1)
    return Header(width, height, orientation if 1 <= orientation <= 8 else 1) if width and height else None


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except _DAMAGE:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
