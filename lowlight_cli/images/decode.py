"""Reads an image file of any supported format: upright, in sRGB, with 8 or 16 bits per channel."""

import errno
import os
import stat
import struct
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs.boxes import breaks_off
from lowlight_cli.images.codecs.detect_format import sniff, unsupported_format
from lowlight_cli.images.codecs.header import Header, read_tiff_headers, tiff_headers
from lowlight_cli.images.codecs.png_check import without_texts
from lowlight_cli.images.codecs.read_gif import read_gif
from lowlight_cli.images.codecs.read_heif import read_heif
from lowlight_cli.images.codecs.read_pillow import read_pillow
from lowlight_cli.images.codecs.read_raw import read_raw
from lowlight_cli.images.codecs.read_tiff import read_tiff
from lowlight_cli.images.codecs.truncated import repair
from lowlight_cli.images.formats import FORMATS, format_of
from lowlight_cli.images.metadata.jpeg_segments import jpeg_size
from lowlight_cli.images.mute_native_libs import libraries_muted
from lowlight_cli.images.picture import Picture
from lowlight_cli.images.settings import ReadSettings

_DAMAGE = (
    *(OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, AttributeError),
    *(MemoryError, OverflowError, ZeroDivisionError, RuntimeError, NotImplementedError, UserWarning),
    *(struct.error, zlib.error),
)
"""Exceptions that libraries raise for damaged files."""

_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)

_HEADER_BYTES = 2**14
"""Enough for the header of most files with metadata, in one piece."""

_PART_BYTES = 2**24
"""Of a file that gives fewer bytes at a time than it holds, or grows."""

_WITHOUT_REASON = (LookupError, TypeError, AttributeError, ArithmeticError, struct.error)
"""Exceptions whose messages describe code, not the file."""


def decode(path: Path, settings: ReadSettings = ReadSettings(), data: bytes | None = None) -> Picture:
    """Reads an image and everything needed to write it back.

    Args:
        path: An image file with any name.
        settings: Limits, and what to do about damage and further frames.
        data: Content of the file, if it was read already.

    Returns:
        The image, with its warnings (codes of ``warnings.WARNING_TEXTS``).

    Raises:
        ImageError: ``unreadable``, ``truncated``, ``unsupported`` or ``too_large`` for what is in the file,
            ``missing``, ``permission``, ``read`` or ``oom`` for what kept it from being read.
    """
    picture = decode_bytes(read_file(path) if data is None else data, settings)
    if format_of(path) not in (None, picture.restore.format):
        return replace(picture, warnings=(*picture.warnings, "extension"))
    return picture


def decode_bytes(data: bytes, settings: ReadSettings = ReadSettings()) -> Picture:
    """Reads an image file that is in memory.

    Args:
        data: A whole file.
        settings: Limits, and what to do about damage and further frames.

    Raises:
        ImageError: ``unreadable``, ``truncated``, ``unsupported``, ``too_large`` or ``oom``.
    """
    Image.MAX_IMAGE_PIXELS = None  # too low for large panoramas; our own limit is checked from the header
    if not data:
        raise ImageError("unreadable", "the file is empty")
    name = sniff(data)
    if name is None:
        message = unsupported_format(data)
        if message:
            raise ImageError("unsupported", message)
        raise ImageError("unreadable", "not an image in a supported format")
    try:
        return _read(data, name, settings)
    except ImageError as error:
        repaired = (
            repair(data, name, settings) if error.code == "truncated" and settings.allow_truncated else None
        )
        if repaired is None:
            raise
        with suppress(ImageError):
            picture = _read(repaired, name, settings)
            return replace(picture, warnings=(*picture.warnings, "degraded"))
        raise


def peek_pixels(path: Path, data: bytes | None = None) -> int:
    """Pixels of all frames, from the header of a file; 0 if they cannot be determined.

    Args:
        path: An image file.
        data: Content of the file, if it was read already.
    """
    try:
        if data is None and not path.is_file():
            return 0
        name = format_of(path)
        if name is not None and FORMATS[name].pillow_name is None:
            # About one byte per pixel, which is enough to bound a queue.
            return path.stat().st_size if data is None else len(data)
        if data is not None:
            return _pixels_in(data)
        # Opened once and with a buffer of a stated size: each call may wait for Python's lock.
        with path.open("rb", buffering=_HEADER_BYTES) as file:
            pages = read_tiff_headers(file)
            return _by_pillow(file) if pages is None else _sum(pages)
    except Exception:  # ``decode`` meets the same error and reports it
        return 0


def _pixels_in(data: bytes) -> int:
    height, width = jpeg_size(data)
    if height:
        return height * width
    pages = tiff_headers(data)
    return _by_pillow(BytesIO(data)) if pages is None else _sum(pages)


def _sum(pages: Iterable[Header]) -> int:
    return sum(page.width * page.height for page in pages)


def _by_pillow(file: BinaryIO | BytesIO) -> int:
    Image.MAX_IMAGE_PIXELS = None  # ``decode`` applies our own limit
    with Image.open(file) as image:
        frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
        return image.width * image.height * frames


def read_file(path: Path) -> bytes:
    """All bytes of a regular file; a pipe or device could block and is rejected.

    Raises:
        ImageError: ``missing``, ``unreadable``, ``permission`` or ``read``.
    """
    try:
        return _content(path, path.stat())
    except PermissionError as error:
        raise ImageError("permission", "no permission to read the file") from error
    except OSError as error:
        if error.errno in _ABSENT:
            raise ImageError("missing", "no such file") from error
        raise ImageError("read", error.strerror or str(error)) from error


def read_small_file(path: Path, most: int) -> tuple[bytes, os.stat_result] | None:
    """All bytes of a regular file and its status from before; None if it is larger or cannot be read.

    Args:
        path: Any path.
        most: Largest size in bytes.
    """
    try:
        status = path.stat()
        return (_content(path, status), status) if status.st_size <= most else None
    except (OSError, ImageError):
        return None


def _content(path: Path, status: os.stat_result) -> bytes:
    """All bytes of a file, in as few calls as possible: each may wait for Python's lock."""
    if not stat.S_ISREG(status.st_mode):
        raise ImageError("unreadable", "not a regular file")
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    try:
        parts = [os.read(descriptor, status.st_size + 1)]
        while parts[-1] and sum(map(len, parts)) != status.st_size:
            parts.append(os.read(descriptor, _PART_BYTES))
        return b"".join(parts)
    finally:
        os.close(descriptor)


def _read(data: bytes, name: str, settings: ReadSettings) -> Picture:
    """Reads a file of a known format, and turns exceptions of libraries into ``ImageError``."""
    try:
        with libraries_muted():
            if name == "tiff":
                return read_tiff(data, settings)
            if name == "raw":
                return read_raw(data, settings)
            if name == "heif":
                return read_heif(data, settings)
            if name == "gif":
                return read_gif(data, settings)
            return _read_by_pillow(data, name, settings)
    except _DAMAGE as error:
        raise _damage(data, error) from error


def _read_by_pillow(data: bytes, name: str, settings: ReadSettings) -> Picture:
    try:
        return read_pillow(data, name, settings)
    except ValueError as error:
        if name != "png" or "text" not in str(error).lower():
            raise
    # Texts that expand to more than Pillow allows must not cost the image.
    picture = read_pillow(without_texts(data), name, settings)
    return replace(picture, warnings=(*picture.warnings, "metadata"))


def _damage(data: bytes, error: Exception) -> ImageError:
    """The error for a file that a library could not decode."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, MemoryError):
        return ImageError("oom", "not enough memory to decode it")
    if breaks_off(data):
        return ImageError("truncated", "the end of the file is missing")
    if isinstance(error, EOFError) or "truncated" in text.lower() or "eof" in text.lower():
        return ImageError(
            "truncated", "the file is truncated" if isinstance(error, UnidentifiedImageError) else text
        )
    if isinstance(error, UnidentifiedImageError):
        return ImageError("unreadable", "the header of the file is damaged")
    is_vague = isinstance(error, _WITHOUT_REASON) or text.startswith("decoder error")
    return ImageError("unreadable", "the image data are damaged" if is_vague else text)
