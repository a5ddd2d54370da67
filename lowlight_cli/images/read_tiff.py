"""TIFF -> picture: one page or many, each with its own size, depth and number of channels."""

import struct
from io import BytesIO

import numpy as np
from PIL import Image

from lowlight_cli.errors import ImageError
from lowlight_cli.images import tiff_tags as tags
from lowlight_cli.images.colour_management import cmyk_to_srgb
from lowlight_cli.images.deep_tiff import read_deep_page
from lowlight_cli.images.depth import in_depth
from lowlight_cli.images.frames import Colours, colours_of, make_frame
from lowlight_cli.images.limits import check_frames, check_size
from lowlight_cli.images.orientation import turn_upright
from lowlight_cli.images.picture import Frame, Picture, Restore, Samples
from lowlight_cli.images.read_metadata import read_metadata
from lowlight_cli.images.read_pillow import samples_of
from lowlight_cli.images.settings import ReadSettings
from lowlight_cli.images.tiff_tags import Page, read_pages

_SMALLER_COPY, _MASK = 1, 4
"""Bits of the tag that says what a page is for."""

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _SEPARATED = 0, 1, 2, 5
_COLOUR_CHANNELS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _SEPARATED: 4}
_ASSOCIATED = 1
"""Kind of opacity with which colours are multiplied already."""


def read_tiff(data: bytes, settings: ReadSettings) -> Picture:
    """Reads all pages but smaller copies and masks.

    Args:
        data: The whole file.
        settings: Limits, and what to do about further pages.

    Raises:
        ImageError: ``unsupported`` or ``too_large``.
        OSError: The file is damaged; Pillow raises other errors too.
    """
    pages = [
        page for page in read_pages(data) if not page.first(tags.SUBFILE_KIND, 0) & (_SMALLER_COPY | _MASK)
    ]
    if not pages:
        raise ImageError("unreadable", "the TIFF holds no picture")
    sizes = [(page.first(tags.WIDTH, 0), page.first(tags.HEIGHT, 0)) for page in pages]
    for width, height in sizes:
        check_size(width, height, settings)
    pages = pages[: check_frames(sizes, settings)]
    frames, icc, warnings = _read_pages(data, pages)
    height, width = frames[0].pixels.shape[:2]
    metadata, damage = read_metadata(data, Image.new("L", (1, 1)), width, height)
    return Picture(
        frames, Restore("tiff", metadata, icc, pages=len(frames) > 1), tuple(dict.fromkeys(warnings + damage))
    )


def _read_pages(data: bytes, pages: list[Page]) -> tuple[tuple[Frame, ...], bytes | None, tuple[str, ...]]:
    """Frames, the profile of the first page, and warnings."""
    frames: list[Frame] = []
    warnings: tuple[str, ...] = ()
    first_icc = None
    for page in pages:
        samples, found = _read_page(data, page)
        deep, grey = samples.dtype == np.uint16, samples.shape[2] < 3
        icc = None if "cmyk_to_rgb" in found else page.block(tags.ICC_PROFILE)
        colours = colours_of(icc, grey=grey, deep=deep) if icc else Colours()
        frames.append(make_frame(samples, colours))
        warnings += found + colours.warnings
        first_icc = colours.icc if len(frames) == 1 else first_icc
    return tuple(frames), first_icc, warnings


def _read_page(data: bytes, page: Page) -> tuple[Samples, tuple[str, ...]]:
    """Upright samples (h, w, channels), and what was lost on the way to RGB."""
    bits = page.all(tags.BITS) or (1,)
    if max(bits) > 16 or max(page.all(tags.SAMPLE_FORMAT), default=1) != 1:
        raise ImageError(
            "unsupported", "TIFF of floating-point, signed or 32-bit samples; make it 16-bit first"
        )
    if max(bits) == 16:
        samples, lost = _read_deep(data, page)
        return turn_upright(samples, page.first(tags.ORIENTATION, 1)), lost
    with Image.open(BytesIO(_starting_at(data, page)), formats=["TIFF"]) as image:
        image.load()  # turns the picture upright, in TIFF alone
        if image.mode == "I;16":  # 12 bits
            samples = np.array(image)[..., None]
            return (samples.astype(np.uint32) * 65535 // (2 ** max(bits) - 1)).astype(np.uint16), ()
        return samples_of(image), ("cmyk_to_rgb",) if image.mode == "CMYK" else ()


def _read_deep(data: bytes, page: Page) -> tuple[Samples, tuple[str, ...]]:
    kind = page.first(tags.PHOTOMETRIC, -1)
    colours = _COLOUR_CHANNELS.get(kind)
    count = page.first(tags.SAMPLES, 1)
    if colours is None or count not in (colours, colours + 1):
        raise ImageError("unsupported", f"TIFF of 16 bits with {count} samples of the kind {kind}")
    samples = read_deep_page(data, page)
    if kind == _WHITE_IS_ZERO:
        samples[..., 0] = 65535 - samples[..., 0]
    if kind == _SEPARATED:
        return _deep_cmyk(samples[..., :4], page), ("cmyk_to_rgb",)
    if count > colours and page.first(tags.EXTRA_SAMPLES, 0) == _ASSOCIATED:
        opacity = np.maximum(samples[..., -1:], 1)
        samples[..., :-1] = np.minimum(samples[..., :-1].astype(np.uint64) * 65535 // opacity, 65535)
    return samples, ()


def _deep_cmyk(samples: Samples, page: Page) -> Samples:
    """RGB of CMYK; through 8 bits, for want of a conversion of 16."""
    image = Image.fromarray(in_depth(np.ascontiguousarray(samples), np.uint8), "CMYK")
    image.info["icc_profile"] = page.block(tags.ICC_PROFILE)
    return in_depth(np.array(cmyk_to_srgb(image)), np.uint16)


def _starting_at(data: bytes, page: Page) -> bytes:
    """The same file with a page moved to the front."""
    layout = page.layout
    changed = data[: 8 if layout.big else 4] + struct.pack(layout.order + layout.word, page.offset)
    return data if data.startswith(changed) else changed + data[len(changed) :]
