"""Picture -> file: 8 or 16 bits, with the metadata of the source, complete or not at all."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from lowlight_cli.errors import ImageError
from lowlight_cli.images.formats import FORMATS, format_of
from lowlight_cli.images.picture import Picture, Samples
from lowlight_cli.images.replace import replace_file

_LONGEST_JPEG_EXIF = 65_533
"""Bytes in one JPEG segment."""


def encode(picture: Picture, target: Path, *, quality: int = 95) -> int:
    """Writes a picture; the end of the name decides the format.

    Args:
        picture: Pixels, and the metadata to write beside them.
        target: File to make or to replace; its folder is made where needed. A name without a known end gets
            the format that was read.
        quality: Of JPEG and WebP, 1 to 100; JPEG colour is never subsampled.

    Returns:
        Size of the file in bytes.

    Raises:
        ImageError: ``unsupported``, ``write``, ``permission`` or ``disk_full``.
    """
    name = format_of(target) or picture.restore.format
    check_fits(picture, name)
    try:
        data = _ENCODERS[name](picture, quality)
    except (OSError, ValueError, RuntimeError, cv2.error) as error:
        raise ImageError("write", f"cannot be encoded as {name}: {error}") from error
    replace_file(target, data)
    return len(data)


def check_fits(picture: Picture, name: str) -> None:
    """Refuses what a format cannot hold.

    Raises:
        ImageError: ``unsupported``: the picture has transparency and the format called ``name`` has none.
    """
    if picture.restore.alpha is not None and not FORMATS[name].keeps_alpha:
        raise ImageError("unsupported", f"{name} cannot keep transparency; choose --format png")


def _encode_jpeg(picture: Picture, quality: int) -> bytes:
    exif = picture.restore.exif if len(picture.restore.exif) <= _LONGEST_JPEG_EXIF else b""
    return _with_pillow(picture, "JPEG", exif, quality=quality, subsampling=0)


def _encode_webp(picture: Picture, quality: int) -> bytes:
    return _with_pillow(picture, "WEBP", picture.restore.exif, quality=quality, exact=True)


def _encode_tiff(picture: Picture, quality: int) -> bytes:
    if picture.pixels.dtype == np.uint16:
        return _cv2_bytes(*cv2.imencode(".tiff", _cv2_order(picture)))  # OpenCV writes no metadata into TIFF
    # Pillow cannot write EXIF blocks into a compressed TIFF.
    compression = "raw" if picture.restore.exif else "tiff_adobe_deflate"
    return _with_pillow(picture, "TIFF", picture.restore.exif, compression=compression)


def _encode_png(picture: Picture, quality: int) -> bytes:
    kinds, blocks = [], []
    if picture.restore.exif:
        kinds.append(cv2.IMAGE_METADATA_EXIF)
        blocks.append(np.frombuffer(picture.restore.exif.removeprefix(b"Exif\0\0"), np.uint8))
    if picture.restore.icc:
        kinds.append(cv2.IMAGE_METADATA_ICCP)
        blocks.append(np.frombuffer(picture.restore.icc, np.uint8))
    # OpenCV: 253 ms and 5.52 MB for 4 MP, against 3098 ms and 5.51 MB by Pillow.
    return _cv2_bytes(*cv2.imencodeWithMetadata(".png", _cv2_order(picture), kinds, blocks))


_ENCODERS: dict[str, Callable[[Picture, int], bytes]] = {
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
    alpha = None if picture.restore.alpha is None else _in_8_bits(picture.restore.alpha)
    image = Image.fromarray(_channels(_in_8_bits(picture.pixels), alpha, grey=picture.restore.grey))
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


def _cv2_order(picture: Picture) -> Samples:
    """Channels in OpenCV's order; grey with opacity becomes four channels, for want of a two-channel form."""
    alpha = picture.restore.alpha
    if picture.restore.grey:
        grey = cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY)
        return grey if alpha is None else np.dstack((grey, grey, grey, alpha))
    joined = _channels(picture.pixels, alpha, grey=False)
    return cv2.cvtColor(joined, cv2.COLOR_RGB2BGR if alpha is None else cv2.COLOR_RGBA2BGRA)


def _cv2_bytes(done: bool, data: Samples) -> bytes:
    if not done:
        raise ValueError("OpenCV refused the picture")
    return data.tobytes()


def _in_8_bits(samples: Samples) -> Samples:
    if samples.dtype == np.uint16:
        return cv2.convertScaleAbs(samples, alpha=1 / 257)  # rounds; 65535 / 257 is 255
    return samples.astype(np.uint8, copy=False)
