"""File -> picture: sniffed by content, upright, 8 or 16 bits per channel.

The extension of the name is never trusted. Pillow reads 8-bit files; OpenCV reads 16-bit ones, which Pillow
would cut to 8 bits without a word.
"""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from lowlight_cli.errors import ImageError
from lowlight_cli.images.formats import FORMATS, format_named_by_pillow
from lowlight_cli.images.metadata import orientation_of
from lowlight_cli.images.orientation import turn_upright
from lowlight_cli.images.picture import Frame, Picture, Restore, Samples
from lowlight_cli.images.read_metadata import read_metadata
from lowlight_cli.images.settings import ReadSettings

_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB\x60\x82"
_BITS_PER_SAMPLE, _SAMPLE_FORMAT = 258, 339
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, KeyError, MemoryError, OverflowError)


def decode(path: Path, settings: ReadSettings = ReadSettings()) -> Picture:
    """Reads a picture and everything needed to write it back.

    Args:
        path: A picture file, whatever its name.
        settings: Limits, and what to do about damage and further frames.

    Raises:
        ImageError: ``unreadable``, ``truncated``, ``unsupported``, ``too_large`` or ``permission``.
    """
    return decode_bytes(_read(path), settings)


def decode_bytes(data: bytes, settings: ReadSettings = ReadSettings()) -> Picture:
    """Reads a picture that is in memory.

    Args:
        data: A whole file.
        settings: Limits, and what to do about damage and further frames.

    Raises:
        ImageError: ``unreadable``, ``truncated``, ``unsupported`` or ``too_large``.
    """
    with _open(data) as image:
        name = _checked_format(image, settings.max_pixels)
        try:
            if _is_deep(data, image):
                return _decode_16_bit(data, image, name)
            return _decode_8_bit(data, image, name)
        except _DAMAGE as error:
            raise _damage(data, error) from error


def peek_pixels(path: Path) -> int:
    """Width times height by the header of a file; 0 where it cannot be told."""
    Image.MAX_IMAGE_PIXELS = None  # ``decode`` applies our own limit
    try:
        if not path.is_file():
            return 0
        with Image.open(path) as image:
            return image.width * image.height
    except _DAMAGE:
        return 0


def _read(path: Path) -> bytes:
    """All bytes of a regular file; a pipe or device would block and is refused."""
    try:
        if not path.is_file():
            raise ImageError("unreadable", "not a regular file")
        data = path.read_bytes()
    except PermissionError as error:
        raise ImageError("permission", "no permission to read the file") from error
    except OSError as error:
        raise ImageError("unreadable", error.strerror or str(error)) from error
    if not data:
        raise ImageError("unreadable", "the file is empty")
    return data


def _open(data: bytes) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = None  # Pillow's limit is below a large panorama; ours follows, by header
    try:
        return Image.open(BytesIO(data))
    except UnidentifiedImageError as error:
        raise ImageError("unreadable", "not a picture that can be read") from error
    except _DAMAGE as error:
        raise _damage(data, error) from error


def _checked_format(image: Image.Image, max_pixels: int) -> str:
    name = format_named_by_pillow(image.format)
    if name is None:
        raise ImageError("unsupported", f"{image.format} is not among {', '.join(FORMATS)}")
    if image.width * image.height > max_pixels:
        raise ImageError("too_large", f"{image.width}x{image.height} is more than {max_pixels} pixels")
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise ImageError("unsupported", "more than one frame or page in the file")
    return name


def _is_deep(data: bytes, image: Image.Image) -> bool:
    """Whether the file holds 16 bits per channel."""
    if image.format == "PNG":
        return data[24] == 16  # IHDR: bit depth
    bits = _tiff_tag(image, _BITS_PER_SAMPLE)
    if max(bits, default=8) > 16 or max(_tiff_tag(image, _SAMPLE_FORMAT), default=1) != 1:
        raise ImageError("unsupported", f"TIFF with {max(bits)} bits or non-integer samples")
    return max(bits, default=8) == 16


def _tiff_tag(image: Image.Image, tag: int) -> tuple[int, ...]:
    value = getattr(image, "tag_v2", {}).get(tag, ())
    return value if isinstance(value, tuple) else (value,)


def _decode_8_bit(data: bytes, image: Image.Image, name: str) -> Picture:
    image.load()
    grey = image.mode in ("1", "L", "LA", "La")
    clear = image.mode in ("LA", "La", "RGBA", "RGBa", "PA") or "transparency" in image.info
    profile = image.info.get("icc_profile") if image.mode != "CMYK" else None
    samples = np.array(image.convert("RGBA" if clear else "RGB"))
    return _upright(samples, data, image, Restore(name, icc=profile or None), grey=grey)


def _decode_16_bit(data: bytes, image: Image.Image, name: str) -> Picture:
    if data.startswith(_PNG_START) and _PNG_END not in data[-64:]:
        raise ImageError("truncated", "the end of the PNG is missing")
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    samples = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if samples is None or samples.dtype != np.uint16:
        raise ImageError("unsupported", "16-bit picture of a kind that cannot be read")
    grey = samples.ndim == 2 or (name == "png" and data[25] in (0, 4))  # IHDR: colour type without colour
    order = {2: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB}.get(
        samples.ndim if samples.ndim == 2 else samples.shape[2], cv2.COLOR_BGRA2RGBA
    )
    samples = cv2.cvtColor(samples, order)
    restore = Restore(name, icc=image.info.get("icc_profile") or None)
    return _upright(samples, data, image, restore, grey=grey)


def _upright(samples: Samples, data: bytes, image: Image.Image, restore: Restore, *, grey: bool) -> Picture:
    """Splits colour from opacity, both turned upright, and adds the metadata.

    Args:
        samples: RGB or RGBA, rows first.
        data: The whole file.
        image: The same, opened.
        restore: What is known of it already.
        grey: Whether the file held no colour.
    """
    samples = turn_upright(samples, orientation_of(image))
    alpha = np.ascontiguousarray(samples[..., 3]) if samples.shape[2] == 4 else None
    height, width = samples.shape[:2]
    metadata, warnings = read_metadata(data, image, width, height)
    frame = Frame(np.ascontiguousarray(samples[..., :3]), alpha, grey)
    return Picture((frame,), replace(restore, metadata=metadata), warnings)


def _damage(data: bytes, error: Exception) -> ImageError:
    """The reason why a known format could not be decoded."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, MemoryError):
        return ImageError("too_large", "not enough memory to decode it")
    cut_webp = data[:4] == b"RIFF" and len(data) < 8 + int.from_bytes(data[4:8], "little")
    if cut_webp or "truncated" in text.lower():
        return ImageError("truncated", text if not cut_webp else "the end of the WebP is missing")
    return ImageError("unreadable", text)
