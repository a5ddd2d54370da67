"""Reads one page of a TIFF, choosing a decoder by its compression.

Pillow reads whole pages of fax and JPEG, where the compression determines the colors; see
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
"""Sample formats of unsigned integers; all programs read undefined ones as such."""
_MAX_SAMPLES = 32

_OLD_JPEG = 6
_PILLOW_METHODS = frozenset((2, 3, 4, 7, 32766, 32771, 32809))
"""Compressions that Pillow reads through libtiff, up to 8 bits: fax, JPEG, NeXT and ThunderScan."""
_NAMES = {
    **{7: "JPEG", 34892: "lossy JPEG", 34933: "PNG", 34887: "LERC", 32909: "PixarLog"},
    **dict.fromkeys((33003, 33004, 33005, 34712), "JPEG 2000"),
    **dict.fromkeys((50002, 52546), "JPEG XL"),
    **dict.fromkeys((22610, 34934), "JPEG XR"),
    **dict.fromkeys((34676, 34677), "SGI LogLuv"),
    **dict.fromkeys((9, 10, 34661), "JBIG"),
}
"""Names of compressions that are not supported, or not for every number of bits."""

_IMAGE_FILE_METHODS = {50001: "WEBP", 33005: "JPEG2000", 34712: "JPEG2000"}
"""Compressions that are image files of another format, with Pillow's name for it.

Source: libtiff for WebP; Adobe's and Aperio's numbers for JPEG 2000.
"""

_IMAGE_FILE_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def read_page(data: bytes, page: Page) -> PageSamples:
    """Upright samples of a page, and warnings about the conversion to RGB.

    Args:
        data: The whole file.
        page: One of its pages, within the size limit.

    Raises:
        ImageError: ``unsupported`` or ``truncated``.
        OSError: The page is damaged; Pillow raises other exceptions, too.
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
    """Samples of a page whose compression does not determine the colors.

    Args:
        data: The whole file.
        page: The page.
        method: Value of its tag Compression.
        bits: Bits per sample.
    """
    in_files = method in _IMAGE_FILE_METHODS and bits == 8
    if method not in BYTE_METHODS and not in_files:
        name = _NAMES.get(method, f"method {method}")
        raise tags.unsupported(f"{bits} bits and {name} compression", "save it with LZW or Deflate")
    kind, segments = kind_of(page), find_segments(data, page)
    if kind == YCBCR and in_files:
        raise tags.unsupported("YCbCr and WebP or JPEG 2000 compression", "save it as RGB")
    if kind == YCBCR:
        return PageSamples(read_ycbcr(data, page, segments, bits))
    stored: Samples = (
        _read_image_files(data, page, segments) if in_files else read_samples(data, page, segments, bits)
    )
    return interpret_samples(stored, page, bits)


def _bits(page: Page) -> int:
    """Bits per sample.

    Raises:
        ImageError: ``unsupported``: not 1 to 16 bits, or not unsigned integers.
    """
    bits, formats = page.all(tags.BITS) or (1,), page.all(tags.SAMPLE_FORMAT)
    if max(bits) > 16 or not {_NUMBERS, _UNDEFINED}.issuperset(formats):
        raise tags.unsupported("floating-point, signed or 32-bit samples", "convert it to 16-bit first")
    if len(set(bits)) > 1 or min(bits) < 1:
        raise tags.unsupported(f"different bits per channel {bits}", "convert it to 16-bit first")
    if page.first(tags.SAMPLES, 1) > _MAX_SAMPLES:
        raise tags.unsupported(f"{page.first(tags.SAMPLES, 1)} samples per pixel", "convert it to RGB first")
    return bits[0]


def _read_by_pillow(data: bytes) -> PageSamples:
    with Image.open(BytesIO(data), formats=["TIFF"]) as image:
        image.load()
        return PageSamples(samples_of(image), ("cmyk_to_rgb",) if image.mode == "CMYK" else ())


def _read_old_jpeg(data: bytes, page: Page) -> PageSamples:
    """A page of old-style JPEG.

    Its tables can lie anywhere in the file, so Pillow reads the whole file with that page as the first.
    """
    check_inside([(page.first(tags.OLD_JPEG_OFFSET, 0), page.first(tags.OLD_JPEG_BYTES, 0))], len(data))
    layout = page.layout
    changed = data[: 8 if layout.big else 4] + struct.pack(layout.order + layout.word, page.offset)
    whole = data if data.startswith(changed) else changed + data[len(changed) :]
    return _read_by_pillow(whole)  # Pillow also turns it upright


def _read_image_files(data: bytes, page: Page, segments: Segments) -> Samples:
    """Samples of a page whose strips or tiles are image files, uint8 (h, w, samples).

    Args:
        data: The whole file.
        page: A page of 8 bits whose compression is one of ``_IMAGE_FILE_METHODS``.
        segments: Its strips or tiles.

    Raises:
        ImageError: ``truncated``: a strip or tile is incomplete. ``unsupported``: planes, or too many
            samples. ``unreadable``: a strip or tile has another size than the page states.
        OSError: Its data are damaged.
    """
    height, width, count = page.first(tags.HEIGHT, 0), page.first(tags.WIDTH, 0), page.first(tags.SAMPLES, 1)
    name = _IMAGE_FILE_METHODS[page.first(tags.COMPRESSION, 0)]
    if segments.planes > 1 or count not in _IMAGE_FILE_MODES:
        what = f"planes or {count} samples per pixel and {name} compression"
        raise tags.unsupported(what, "save it with LZW or Deflate")
    samples = np.empty((height, width, count), np.uint8)
    for index, place in enumerate(segments.places):
        top = index // segments.across * segments.height
        left = index % segments.across * segments.width
        part = samples[top : top + segments.height, left : left + segments.width]
        stored = _read_image(cut_out(data, *place), name, count, segments.width, segments.height)
        if stored.shape[0] < part.shape[0] or stored.shape[1] < part.shape[1]:
            raise ImageError("unreadable", "a strip or tile of the TIFF is smaller than its page states")
        part[...] = stored[: part.shape[0], : part.shape[1]]
    return samples


def _read_image(data: bytes, name: str, count: int, width: int, height: int) -> Samples:
    """Pixels of a strip or tile, (h, w, count); its header is checked first to be no larger than stated."""
    with Image.open(BytesIO(data), formats=[name]) as image:
        if image.width > width or image.height > height:
            raise ImageError("unreadable", "a strip or tile of the TIFF is larger than its page states")
        return np.asarray(image.convert(_IMAGE_FILE_MODES[count])).reshape(image.height, image.width, count)
