"""TIFF pages whose strips or tiles are image files of another format: WebP and JPEG 2000.

Source: libtiff for WebP; Adobe's and Aperio's numbers for JPEG 2000.
"""

from io import BytesIO

import numpy as np
from PIL import Image

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs import tiff_tags as tags
from lowlight_cli.images.codecs.tiff_segments import Segments, cut_out
from lowlight_cli.images.codecs.tiff_tags import Page
from lowlight_cli.images.picture import Samples

IMAGE_FILE_METHODS = {50001: "WEBP", 33005: "JPEG2000", 34712: "JPEG2000"}
"""Compressions that are formats of image files, with Pillow's name for them."""

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def read_image_files(data: bytes, page: Page, segments: Segments) -> Samples:
    """Numbers as stored, uint8 (h, w, samples).

    Args:
        data: The whole file.
        page: A page of 8 bits whose compression is one of ``IMAGE_FILE_METHODS``.
        segments: Its strips or tiles.

    Raises:
        ImageError: ``truncated``: a strip or tile breaks off. ``unsupported``: planes, or too many samples.
            ``unreadable``: a strip or tile has another size than the page says.
        OSError: Its data are damaged.
    """
    height, width, count = page.first(tags.HEIGHT, 0), page.first(tags.WIDTH, 0), page.first(tags.SAMPLES, 1)
    name = IMAGE_FILE_METHODS[page.first(tags.COMPRESSION, 0)]
    if segments.planes > 1 or count not in _MODES:
        raise ImageError("unsupported", f"TIFF of planes or of {count} samples, compressed by {name}")
    samples = np.empty((height, width, count), np.uint8)
    for index, place in enumerate(segments.places):
        top = index // segments.across * segments.height
        left = index % segments.across * segments.width
        part = samples[top : top + segments.height, left : left + segments.width]
        stored = _read_image(cut_out(data, *place), name, count, segments.width, segments.height)
        if stored.shape[0] < part.shape[0] or stored.shape[1] < part.shape[1]:
            raise ImageError("unreadable", "a strip or tile of the TIFF is smaller than it should be")
        part[...] = stored[: part.shape[0], : part.shape[1]]
    return samples


def _read_image(data: bytes, name: str, count: int, width: int, height: int) -> Samples:
    """Pixels of a strip or tile, (h, w, count); checked by its header to be no larger than it may be."""
    with Image.open(BytesIO(data), formats=[name]) as image:
        if image.width > width or image.height > height:
            raise ImageError("unreadable", "a strip or tile of the TIFF is larger than it should be")
        return np.asarray(image.convert(_MODES[count])).reshape(image.height, image.width, count)
