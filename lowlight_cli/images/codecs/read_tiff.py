"""Reads TIFF files of one or more pages, each with its own size, depth and number of channels."""

import numpy as np
from PIL import Image

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs import tiff_tags as tags
from lowlight_cli.images.codecs.tiff_page import read_page
from lowlight_cli.images.codecs.tiff_tags import Page, read_pages
from lowlight_cli.images.frames import Colors, colors_of, make_frame
from lowlight_cli.images.limits import check_frames, check_size
from lowlight_cli.images.metadata.read import read_metadata
from lowlight_cli.images.picture import Frame, Picture, Restore
from lowlight_cli.images.settings import ReadSettings

_SMALLER_COPY, _MASK = 1, 4
"""Bits of the tag NewSubfileType."""


def read_tiff(data: bytes, settings: ReadSettings) -> Picture:
    """Reads all pages except smaller copies and masks.

    Args:
        data: The whole file.
        settings: Limits, and what to do about further pages.

    Raises:
        ImageError: ``unsupported`` or ``too_large``.
        OSError: The file is damaged; Pillow raises other exceptions, too.
    """
    pages = [
        page for page in read_pages(data) if not page.first(tags.SUBFILE_KIND, 0) & (_SMALLER_COPY | _MASK)
    ]
    if not pages:
        raise ImageError("unreadable", "the TIFF contains no image")
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
        samples, found = read_page(data, page)
        sixteen_bit, gray = samples.dtype == np.uint16, samples.shape[2] < 3
        icc = None if "cmyk_to_rgb" in found else page.block(tags.ICC_PROFILE)
        colors = colors_of(icc, gray=gray, sixteen_bit=sixteen_bit) if icc else Colors()
        frames.append(make_frame(samples, colors))
        warnings += found + colors.warnings
        first_icc = colors.icc if len(frames) == 1 else first_icc
    return tuple(frames), first_icc, warnings
