"""Converts YCbCr in TIFF pages without JPEG compression to RGB.

Source: TIFF 6.0, section 21. As in libtiff, chroma is not interpolated: each pixel has that of its block.
"""

import struct

import numpy as np
from numpy.typing import NDArray

from lowlight_cli.errors import ImageError
from lowlight_cli.images.brightness import LUMA_WEIGHTS
from lowlight_cli.images.codecs import tiff_tags as tags
from lowlight_cli.images.codecs.tiff_samples import predictor_of, read_rows, read_samples
from lowlight_cli.images.codecs.tiff_segments import Segments
from lowlight_cli.images.codecs.tiff_tags import Page
from lowlight_cli.images.picture import Samples

_LEVELS = (0.0, 255.0, 128.0, 255.0, 128.0, 255.0)
"""Default of ReferenceBlackWhite: codes of black and white for Y, and of zero and most for Cb and Cr."""


def read_ycbcr(data: bytes, page: Page, segments: Segments, bits: int) -> Samples:
    """RGB of a page, uint8 (h, w, 3).

    Args:
        data: The whole file.
        page: A page in YCbCr whose compression is one of ``BYTE_METHODS``.
        segments: Its strips or tiles.
        bits: Bits per sample.

    Raises:
        ImageError: ``truncated``: a strip or tile is incomplete. ``unsupported``: not 8 bits, or subsampled
            chroma in separate planes.
        OSError: Its data are damaged.
    """
    across, down = (*page.all(tags.SUBSAMPLING), 2, 2)[:2] if page.all(tags.SUBSAMPLING) else (2, 2)
    if bits != 8 or page.first(tags.SAMPLES, 1) != 3 or across not in (1, 2, 4) or down not in (1, 2, 4):
        raise tags.unsupported("YCbCr of other than 3 samples of 8 bits", "save it as RGB")
    if (across, down) == (1, 1):
        return _to_rgb(read_samples(data, page, segments, bits), page)
    if segments.planes > 1 or predictor_of(page, bits) != 1:
        raise tags.unsupported("subsampled YCbCr in planes or with a predictor", "save it as RGB")
    return _to_rgb(_read_blocks(data, page, segments, across, down), page)


def _read_blocks(data: bytes, page: Page, segments: Segments, across: int, down: int) -> Samples:
    """YCbCr of pixels stored in blocks: ``across`` times ``down`` values of Y, then one Cb and one Cr."""
    beside, below = -(-segments.width // across), -(-segments.height // down)
    size = across * down + 2
    stored = read_rows(data, page, segments, 0, beside * size, height=down)
    blocks = stored.reshape(-1, beside, size)
    rows = blocks[..., :-2].reshape(-1, beside, down, across).swapaxes(1, 2)
    light = rows.reshape(len(blocks) * down, beside * across)
    color = blocks[..., -2:].repeat(down, axis=0).repeat(across, axis=1)
    return _assemble(np.dstack((light, color)), page, segments, below * down)


def _assemble(rows: Samples, page: Page, segments: Segments, tall: int) -> Samples:
    """The page assembled from strips or tiles of ``tall`` rows each, including the padding of blocks."""
    height, width = page.first(tags.HEIGHT, 0), page.first(tags.WIDTH, 0)
    missing = segments.down * segments.across * tall - len(rows)  # of the last strip
    rows = np.concatenate((rows, np.zeros((missing, *rows.shape[1:]), rows.dtype)))
    parts = rows.reshape(segments.down, segments.across, tall, -1, 3)
    parts = parts[:, :, : segments.height, : segments.width].swapaxes(1, 2)
    return parts.reshape(segments.down * segments.height, -1, 3)[:height, :width]


def _to_rgb(stored: Samples, page: Page) -> Samples:
    red, green, blue = _fractions(page, tags.LUMA_WEIGHTS) or LUMA_WEIGHTS
    levels = np.array(_fractions(page, tags.REFERENCE_LEVELS) or _LEVELS, np.float32)
    if green == 0 or not (levels[1::2] - levels[::2]).all():
        raise ImageError("unreadable", "the YCbCr coefficients of the TIFF are invalid")
    reach = np.array((255, 127, 127), np.float32) / (levels[1::2] - levels[::2])
    light, blueness, redness = np.moveaxis((stored - levels[::2]) * reach, 2, 0)
    reds = light + redness * np.float32(2 - 2 * red)
    blues = light + blueness * np.float32(2 - 2 * blue)
    greens = (light - np.float32(blue) * blues - np.float32(red) * reds) / np.float32(green)
    return _rounded(np.dstack((reds, greens, blues)))


def _rounded(values: NDArray[np.float32]) -> Samples:
    return np.rint(values.clip(0, 255)).astype(np.uint8)


def _fractions(page: Page, tag: int) -> tuple[float, ...] | None:
    """Values of a tag of fractions; None if it is missing or has another type or count than expected."""
    wanted = {tags.LUMA_WEIGHTS: 3, tags.REFERENCE_LEVELS: 6}[tag]
    entry = page.entries.get(tag)
    if entry is None or entry.kind != 5 or len(entry.data) != 8 * wanted:
        return None
    numbers = struct.unpack(f"{page.layout.order}{2 * wanted}I", entry.data)
    return tuple(above / below if below else 0.0 for above, below in zip(*[iter(numbers)] * 2, strict=True))
