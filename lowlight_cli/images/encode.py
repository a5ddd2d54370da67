"""Picture -> file: 8 or 16 bits, with the metadata of the source, complete or not at all."""

import hashlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from lowlight_cli.errors import ImageError
from lowlight_cli.images.formats import FORMATS, format_of
from lowlight_cli.images.picture import Frame, Picture, Samples
from lowlight_cli.images.replace import replace_file
from lowlight_cli.images.settings import WriteSettings

_LONGEST_JPEG_EXIF = 65_533
"""Bytes in one JPEG segment."""


class Written(NamedTuple):
    """A file that is on the disk: its size in bytes, and the SHA-256 of its content in hex."""

    bytes: int
    sha256: str


def encode(picture: Picture, target: Path, settings: WriteSettings = WriteSettings()) -> Written:
    """Writes a picture; the end of the name decides the format.

    Args:
        picture: Pixels, and the metadata to write beside them.
        target: File to make or to replace; its folder is made where needed. A name without a known end gets
            the format that was read.
        settings: How to write it.

    Raises:
        ImageError: ``unsupported``, ``write``, ``permission`` or ``disk_full``.
    """
    data = encode_bytes(picture, format_of(target) or picture.restore.format, settings)
    replace_file(target, data)
    return Written(len(data), hashlib.sha256(data).hexdigest())


def encode_bytes(picture: Picture, format_name: str, settings: WriteSettings = WriteSettings()) -> bytes:
    """The content of the file that ``encode`` would write.

    Args:
        picture: Pixels, and the metadata to write beside them.
        format_name: Name in ``FORMATS``.
        settings: How to write it.

    Raises:
        ImageError: ``unsupported`` or ``write``.
    """
    check_fits(picture, format_name, settings)
    try:
        return _ENCODERS[format_name](picture, settings)
    except (OSError, ValueError, RuntimeError, cv2.error) as error:
        raise ImageError("write", f"cannot be encoded as {format_name}: {error}") from error


def check_fits(picture: Picture, format_name: str, settings: WriteSettings = WriteSettings()) -> None:
    """Refuses what a format cannot hold.

    Args:
        picture: What is to be written.
        format_name: Name in ``FORMATS``.
        settings: How it is to be written.

    Raises:
        ImageError: ``unsupported``: the picture has transparency and the format has none.
    """
    clear = any(frame.alpha is not None for frame in picture.frames)
    if clear and settings.flatten is None and not FORMATS[format_name].keeps_alpha:
        raise ImageError("unsupported", f"{format_name} cannot keep transparency; choose --format png")


def _encode_jpeg(picture: Picture, settings: WriteSettings) -> bytes:
    exif = picture.restore.metadata.exif
    exif = exif if len(exif) <= _LONGEST_JPEG_EXIF else b""
    return _with_pillow(picture, "JPEG", exif, quality=settings.quality, subsampling=0)


def _encode_webp(picture: Picture, settings: WriteSettings) -> bytes:
    return _with_pillow(picture, "WEBP", picture.restore.metadata.exif, quality=settings.quality, exact=True)


def _encode_tiff(picture: Picture, settings: WriteSettings) -> bytes:
    if picture.pixels.dtype == np.uint16:
        # OpenCV writes no metadata into TIFF.
        return _cv2_bytes(*cv2.imencode(".tiff", _cv2_order(picture.frames[0])))
    # Pillow cannot write EXIF blocks into a compressed TIFF.
    exif = picture.restore.metadata.exif
    return _with_pillow(picture, "TIFF", exif, compression="raw" if exif else "tiff_adobe_deflate")


def _encode_png(picture: Picture, settings: WriteSettings) -> bytes:
    kinds, blocks = [], []
    if exif := picture.restore.metadata.exif:
        kinds.append(cv2.IMAGE_METADATA_EXIF)
        blocks.append(np.frombuffer(exif.removeprefix(b"Exif\0\0"), np.uint8))
    if picture.restore.icc:
        kinds.append(cv2.IMAGE_METADATA_ICCP)
        blocks.append(np.frombuffer(picture.restore.icc, np.uint8))
    # OpenCV: 253 ms and 5.52 MB for 4 MP, against 3098 ms and 5.51 MB by Pillow.
    return _cv2_bytes(*cv2.imencodeWithMetadata(".png", _cv2_order(picture.frames[0]), kinds, blocks))


_ENCODERS: dict[str, Callable[[Picture, WriteSettings], bytes]] = {
    "jpg": _encode_jpeg,
    "png": _encode_png,
    "tiff": _encode_tiff,
    "webp": _encode_webp,
}


def _with_pillow(picture: Picture, pillow_name: str, exif: bytes, **options: object) -> bytes:
    """Encodes 8-bit pixels.

    Args:
        picture: What to write.
        pillow_name: Format, in Pillow's words.
        exif: Metadata block, or empty.
        options: Pillow's options of that format.
    """
    file = BytesIO()
    frame = picture.frames[0]
    alpha = None if frame.alpha is None else _in_8_bits(frame.alpha)
    image = Image.fromarray(_channels(_in_8_bits(frame.pixels), alpha, grey=frame.grey))
    if exif:
        options["exif"] = exif
    image.save(file, pillow_name, icc_profile=picture.restore.icc, **options)
    return file.getvalue()


def _channels(pixels: Samples, alpha: Samples | None, *, grey: bool) -> Samples:
    """Joins the channels that the file shall have: L, LA, RGB or RGBA.

    Args:
        pixels: RGB.
        alpha: Opacity or None.
        grey: Whether brightness alone is written.
    """
    colour = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) if grey else pixels
    return colour if alpha is None else np.dstack((colour, alpha))


def _cv2_order(frame: Frame) -> Samples:
    """Channels in OpenCV's order; grey with opacity becomes four channels, for want of a two-channel form."""
    if frame.grey:
        grey = cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY)
        return grey if frame.alpha is None else np.dstack((grey, grey, grey, frame.alpha))
    joined = _channels(frame.pixels, frame.alpha, grey=False)
    return cv2.cvtColor(joined, cv2.COLOR_RGB2BGR if frame.alpha is None else cv2.COLOR_RGBA2BGRA)


def _cv2_bytes(done: bool, data: Samples) -> bytes:
    if not done:
        raise ValueError("OpenCV refused the picture")
    return data.tobytes()


def _in_8_bits(samples: Samples) -> Samples:
    if samples.dtype == np.uint16:
        return cv2.convertScaleAbs(samples, alpha=1 / 257)  # rounds; 65535 / 257 is 255
    return samples.astype(np.uint8, copy=False)
