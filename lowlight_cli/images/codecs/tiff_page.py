"""One page of a TIFF -> its samples: which compression is read by what, and what is not read.

Pillow reads whole pages of fax and JPEG, whose compressions hold the colors; see
docs/decisions/0008-libtiff-unpacks.md.
"""

import struct
from io import BytesIO

import numpy as np
from PIL import Image

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs import tiff_tags as tags
from lowlight_cli.images.codecs.read_pillow import samples_of
from lowlight_cli.images.codecs.tiff_color import YCBCR, PageSamples, interpret_samples, kind_of
from lowlight_cli.images.codecs.tiff_samples import BYTE_METHODS, read_samples
from lowlight_cli.images.codecs.tiff_segments import (
    UNCOMPRESSED,
    Segments,
    check_inside,
    cut_out,
    find_segments,
)
from lowlight_cli.images.codecs.tiff_tags import Page
from lowlight_cli.images.codecs.tiff_unpack import page_alone
from lowlight_cli.images.codecs.tiff_ycbcr import read_ycbcr
from lowlight_cli.images.exif_orientation import turn_upright
from lowlight_cli.images.picture import Samples

_NUMBERS, _UNDEFINED = 1, 4
"""Formats of samples that are whole numbers from 0; what is undefined is read as such by all programs."""
_MAX_SAMPLES = 32

_OLD_JPEG = 6
_PILLOW_METHODS = frozenset((2, 3, 4, 7, 32766, 32771, 32809))
"""Compressions of 8 bits at most that libtiff reads for Pillow: fax, JPEG, NeXT and ThunderScan."""
_NAMES = {
    **{7: "JPEG", 34892: "lossy JPEG", 34933: "PNG", 34887: "LERC", 32909: "PixarLog"},
    **dict.fromkeys((33003, 33004, 33005, 34712), "JPEG 2000"),
    **dict.fromkeys((50002, 52546), "JPEG XL"),
    **dict.fromkeys((22610, 34934), "JPEG XR"),
    **dict.fromkeys((34676, 34677), "SGI LogLuv"),
    **dict.fromkeys((9, 10, 34661), "JBIG"),
}
"""Of compressions that are not read, or not in each number of bits."""

_IMAGE_FILE_METHODS = {50001: "WEBP", 33005: "JPEG2000", 34712: "JPEG2000"}
"""Compressions that are image files of another format, with Pillow's name for it.

Source: libtiff for WebP; Adobe's and Aperio's numbers for JPEG 2000.
"""

_IMAGE_FILE_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def read_page(data: bytes, page: Page) -> PageSamples:
    """Upright samples of a page, and what was lost on the way to RGB.

    Args:
        data: The whole file.
        page: One of its pages, whose size is allowed.

    Raises:
        ImageError: ``unsupported`` or ``truncated``.
        OSError: The page is damaged; Pillow raises other errors too.
    """
    bits, method = _bits(page), page.first(tags.COMPRESSION, UNCOMPRESSED)
    if method == _OLD_JPEG:
        return _read_old_jpeg(data, page)
    if method in _PILLOW_METHODS and bits <= 8:
        found = _read_by_pillow(page_alone(data, page, find_segments(data, page)))
    else:
        found = _read_numbers(data, page, method, bits)
    return found._replace(samples=turn_upright(found.samples, page.first(tags.ORIENTATION, 1)))


def _read_numbers(data: bytes, page: Page, method: int, bits: int) -> PageSamples:
    """Samples of a page whose compression says nothing about colors.

    Args:
        data: The whole file.
        page: The page.
        method: Number of its compression.
        bits: Per sample.
    """
    in_files = method in _IMAGE_FILE_METHODS and bits == 8
    if method not in BYTE_METHODS and not in_files:
        name = _NAMES.get(method, f"the method {method}")
        message = f"TIFF of {bits} bits, compressed by {name}; save it with LZW or Deflate"
        raise ImageError("unsupported", message)
    kind, segments = kind_of(page), find_segments(data, page)
    if kind == YCBCR and in_files:
        raise ImageError("unsupported", "TIFF in YCbCr, compressed by another method than JPEG")
    if kind == YCBCR:
        return PageSamples(read_ycbcr(data, page, segments, bits))
    stored: Samples = (
        _read_image_files(data, page, segments) if in_files else read_samples(data, page, segments, bits)
    )
    return interpret_samples(stored, page, bits)


def _bits(page: Page) -> int:
    """Bits of each sample.

    Raises:
        ImageError: ``unsupported``: not 1 to 16 bits, or not whole numbers.
    """
    bits, formats = page.all(tags.BITS) or (1,), page.all(tags.SAMPLE_FORMAT)
    if max(bits) > 16 or not {_NUMBERS, _UNDEFINED}.issuperset(formats):
        raise ImageError(
            "unsupported", "TIFF of floating-point, signed or 32-bit samples; make it 16-bit first"
        )
    if len(set(bits)) > 1 or min(bits) < 1:
        raise ImageError("unsupported", f"TIFF of samples of different bits: {bits}")
    if page.first(tags.SAMPLES, 1) > _MAX_SAMPLES:
        raise ImageError("unsupported", f"TIFF of {page.first(tags.SAMPLES, 1)} samples")
    return bits[0]


def _read_by_pillow(data: bytes) -> PageSamples:
    with Image.open(BytesIO(data), formats=["TIFF"]) as image:
        image.load()
        return PageSamples(samples_of(image), ("cmyk_to_rgb",) if image.mode == "CMYK" else ())


def _read_old_jpeg(data: bytes, page: Page) -> PageSamples:
    """A page whose tables lie anywhere in the file: the file is read with that page as its first."""
    check_inside([(page.first(tags.OLD_JPEG_OFFSET, 0), page.first(tags.OLD_JPEG_BYTES, 0))], len(data))
    layout = page.layout
    changed = data[: 8 if layout.big else 4] + struct.pack(layout.order + layout.word, page.offset)
    whole = data if data.startswith(changed) else changed + data[len(changed) :]
    return _read_by_pillow(whole)  # which turns it upright


def _read_image_files(data: bytes, page: Page, segments: Segments) -> Samples:
    """Numbers as stored, uint8 (h, w, samples).

    Args:
        data: The whole file.
        page: A page of 8 bits whose compression is one of ``_IMAGE_FILE_METHODS``.
        segments: Its strips or tiles.

    Raises:
        ImageError: ``truncated``: a strip or tile breaks off. ``unsupported``: planes, or too many samples.
            ``unreadable``: a strip or tile has another size than the page says.
        OSError: Its data are damaged.
    """
    height, width, count = page.first(tags.HEIGHT, 0), page.first(tags.WIDTH, 0), page.first(tags.SAMPLES, 1)
    name = _IMAGE_FILE_METHODS[page.first(tags.COMPRESSION, 0)]
    if segments.planes > 1 or count not in _IMAGE_FILE_MODES:
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
        return np.asarray(image.convert(_IMAGE_FILE_MODES[count])).reshape(image.height, image.width, count)
