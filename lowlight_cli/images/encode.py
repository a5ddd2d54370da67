"""Writes an image file with 8 or 16 bits per channel and its metadata, atomically."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import cv2

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs.prepare_output import Content, content_of, write_tiff_file
from lowlight_cli.images.codecs.write_jpeg import write_jpeg_file
from lowlight_cli.images.codecs.write_pillow import (
    write_avif_file,
    write_gif_file,
    write_webp_file,
)
from lowlight_cli.images.codecs.write_png import write_png_file
from lowlight_cli.images.formats import FORMATS, format_of, result_format
from lowlight_cli.images.metadata.attach import attach_metadata, fit_metadata
from lowlight_cli.images.metadata.policy import Metadata, limit_metadata
from lowlight_cli.images.picture import Picture
from lowlight_cli.images.replace import replace_file
from lowlight_cli.images.settings import WriteSettings


class Written(NamedTuple):
    """Size in bytes of a written file, and the SHA-256 of its content in hex."""

    bytes: int
    sha256: str


def encode(picture: Picture, target: Path, settings: WriteSettings = WriteSettings()) -> Written:
    """Writes an image in the format of the file extension.

    Args:
        picture: Pixels and metadata to write.
        target: File to create or replace; missing folders are created. Without a known extension, the format
            of the input is used, or JPEG if that cannot be written.
        settings: How to write it.

    Raises:
        ImageError: ``unsupported``, ``write``, ``permission`` or ``disk_full``.
    """
    name = format_of(target) or result_format(picture.restore.format, None)
    data = encode_bytes(picture, name, settings)
    replace_file(target, data)
    return Written(len(data), hashlib.sha256(data).hexdigest())


def encode_bytes(picture: Picture, format_name: str, settings: WriteSettings = WriteSettings()) -> bytes:
    """The content of the file that ``encode`` would write.

    Args:
        picture: Pixels and metadata to write.
        format_name: Name in ``FORMATS``.
        settings: How to write it.

    Raises:
        ImageError: ``unsupported`` or ``write``.
    """
    check_fits(picture, format_name, settings)
    try:
        metadata, _ = fit_metadata(limit_metadata(picture.restore.metadata, settings.metadata), format_name)
        content = content_of(picture, format_name, settings)
        encoded = _pixels_encoded(content, format_name, settings, picture.restore.subsampling, metadata)
        return attach_metadata(encoded, format_name, metadata)
    except (OSError, ValueError, RuntimeError, cv2.error) as error:
        raise ImageError("write", f"cannot be encoded as {format_name}: {error}") from error


def check_fits(picture: Picture, format_name: str, settings: WriteSettings = WriteSettings()) -> None:
    """Rejects images that a format cannot hold.

    Args:
        picture: The image to write.
        format_name: Name in ``FORMATS``.
        settings: How to write it.

    Raises:
        ImageError: ``unsupported``: the format cannot be written, or cannot hold transparency, an animation,
            pages or an image of this size.
    """
    form = FORMATS[format_name]
    if not form.is_written:
        raise ImageError("unsupported", f"{format_name} cannot be written; choose --format jpg or tiff")
    if max(picture.width, picture.height) > form.longest_side:
        raise ImageError(
            "unsupported",
            f"{format_name} holds up to {form.longest_side} pixels per side; choose --format png or tiff",
        )
    clear = any(frame.alpha is not None for frame in picture.frames)
    if clear and settings.flatten is None and not form.keeps_alpha:
        raise ImageError(
            "unsupported", f"{format_name} cannot hold transparency; use --format png or --flatten COLOR"
        )
    if len(picture.frames) > 1 and form.holds != ("pages" if picture.restore.pages else "animation"):
        kind, known = ("pages", "tiff") if picture.restore.pages else ("an animation", "webp")
        raise ImageError(
            "unsupported", f"{format_name} cannot hold {kind}; use --format {known} or --frames first"
        )


def _pixels_encoded(
    content: Content, format_name: str, settings: WriteSettings, subsampling: str | None, metadata: Metadata
) -> bytes:
    """A file with pixels and profile; for AVIF with metadata, too.

    Args:
        content: The frames to write.
        format_name: Name in ``FORMATS``.
        settings: How to write it.
        subsampling: Chroma subsampling of a JPEG input.
        metadata: Metadata for AVIF.
    """
    if format_name == "jpg":
        return write_jpeg_file(content, settings, subsampling)
    if format_name == "png":
        return write_png_file(content, settings)
    if format_name == "tiff":
        return write_tiff_file(content, settings)
    if format_name == "webp":
        return write_webp_file(content, settings)
    if format_name == "avif":
        return write_avif_file(content, settings, metadata)
    return write_gif_file(content)
