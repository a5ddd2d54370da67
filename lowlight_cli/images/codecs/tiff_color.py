"""Converts the stored numbers of a TIFF page to gray or RGB in the full range of 8 or 16 bits.

Source: TIFF 6.0, sections 8, 16 and 18; libtiff for color maps of 8 bits.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image

from lowlight_cli.images.codecs import tiff_tags as tags
from lowlight_cli.images.codecs.tiff_tags import Page
from lowlight_cli.images.color.color_management import cmyk_to_srgb
from lowlight_cli.images.depth import in_depth
from lowlight_cli.images.picture import Samples

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, SEPARATED, YCBCR = 0, 1, 2, 3, 5, 6
COLOR_SAMPLES = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, SEPARATED: 4, YCBCR: 3}
"""Number of color samples per pixel, by photometric interpretation."""

_OTHER_KINDS = {4: "a mask", 8: "L*a*b*", 9: "ICC L*a*b*", 10: "ITU L*a*b*", 32844: "LogL", 32845: "LogLuv"}
_UNSPECIFIED, _ASSOCIATED, _OPACITY = 0, 1, 2
"""Values of the tag ExtraSamples: unspecified, premultiplied opacity, and plain opacity."""
_CMYK_INKS = 1


class PageSamples(NamedTuple):
    """Decoded samples of a page.

    Attributes:
        samples: Gray or RGB, with or without opacity, uint8 or uint16 (h, w, channels).
        warnings: ``cmyk_to_rgb`` and ``channels``, if something was lost.
    """

    samples: Samples
    warnings: tuple[str, ...] = ()


def kind_of(page: Page) -> int:
    """Photometric interpretation of a page; without the tag, it follows from the number of samples.

    Raises:
        ImageError: ``unsupported``.
    """
    count = page.first(tags.SAMPLES, 1)
    kind = page.first(tags.PHOTOMETRIC, RGB if count > 2 else BLACK_IS_ZERO)
    if kind not in COLOR_SAMPLES:
        name = _OTHER_KINDS.get(kind, f"photometric interpretation {kind}")
        raise tags.unsupported(name, "convert it to RGB first")
    extra = count - COLOR_SAMPLES[kind]
    unnamed = extra > 1 and not page.all(tags.EXTRA_SAMPLES)  # multispectral data
    if extra < 0 or unnamed or page.first(tags.INK_SET, _CMYK_INKS) != _CMYK_INKS:
        what = f"{count} samples per pixel and photometric interpretation {kind}"
        raise tags.unsupported(what, "convert it to RGB first")
    return kind


def interpret_samples(stored: Samples, page: Page, bits: int) -> PageSamples:
    """Gray or RGB samples of stored numbers.

    Args:
        stored: Numbers of ``bits`` bits, (h, w, samples).
        page: The page they come from; not one in YCbCr.
        bits: Bits per sample, 1 to 16.

    Raises:
        ImageError: ``unsupported``: a palette without colors.
    """
    kind = kind_of(page)
    color, extra = stored[..., : COLOR_SAMPLES[kind]], stored[..., COLOR_SAMPLES[kind] :]
    if kind == PALETTE:
        color = _colors_of_map(page, bits)[color[..., 0]]
    else:
        white = np.array(2**bits - 1, color.dtype)
        color = _stretch(white - color if kind == WHITE_IS_ZERO else color, bits)
    if kind == SEPARATED:
        return PageSamples(_rgb_of_inks(color, page), ("cmyk_to_rgb", *_lost(extra.shape[2])))
    kinds = page.all(tags.EXTRA_SAMPLES) or (_OPACITY,)  # as all programs assume without the tag
    if not extra.shape[2] or kinds[0] == _UNSPECIFIED:
        return PageSamples(color, _lost(extra.shape[2]))
    alpha = _stretch(extra[..., :1], bits)
    if kinds[0] == _ASSOCIATED:
        color = _divided(color, alpha)
    return PageSamples(np.concatenate((color, alpha), axis=2), _lost(extra.shape[2] - 1))


def _lost(channels: int) -> tuple[str, ...]:
    return ("channels",) if channels else ()


def _stretch(numbers: Samples, bits: int) -> Samples:
    """Numbers scaled to the full range of 8 bits, or of 16 for more than 8 bits; rounded."""
    if bits in (8, 16):
        return numbers
    top, depth = 2**bits - 1, np.uint8 if bits < 8 else np.uint16
    shades = np.arange(top + 1, dtype=np.int64) * np.iinfo(depth).max
    return ((shades + top // 2) // top).astype(depth)[numbers]


def _divided(color: Samples, alpha: Samples) -> Samples:
    """Colors divided by their opacity; black where the opacity is 0."""
    top = np.uint32(np.iinfo(color.dtype).max)
    divided = color.astype(np.uint32) * top // np.maximum(alpha, 1).astype(np.uint32)
    return (np.minimum(divided, top) * (alpha > 0)).astype(color.dtype)


def _colors_of_map(page: Page, bits: int) -> Samples:
    """RGB of each palette index, uint8 (2 ** bits, 3); the map has 16 bits, of which the upper 8 are used."""
    count = 2**bits
    values = np.array(page.all(tags.COLOR_MAP), np.uint16)
    if bits > 8 or len(values) < 3 * count:
        raise tags.unsupported("an incomplete palette", "convert it to RGB first")
    colors = values[: 3 * count].reshape(3, count).T
    return (colors >> 8 if colors.max() > 255 else colors).astype(np.uint8)


def _rgb_of_inks(inks: Samples, page: Page) -> Samples:
    """RGB of CMYK, at 8 bits, because Little CMS in Pillow converts only 8 bits."""
    image = Image.fromarray(in_depth(np.ascontiguousarray(inks), np.uint8), "CMYK")
    image.info["icc_profile"] = page.block(tags.ICC_PROFILE)
    return in_depth(np.array(cmyk_to_srgb(image)), inks.dtype.type)
