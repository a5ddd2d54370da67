"""Converts samples of a file to upright sRGB frames with separate opacity."""

from dataclasses import dataclass

import numpy as np

from lowlight_cli.images.color.cicp import BT2020_PRIMARIES, HLG, PQ, PRIMARIES, UNSPECIFIED, ColorCodes
from lowlight_cli.images.color.color_management import plain_srgb
from lowlight_cli.images.color.convert import ToSrgb, conversion_for, round_trips
from lowlight_cli.images.color.icc_profile import ProfileError, read_profile
from lowlight_cli.images.color.tone_mapping import HdrConversion
from lowlight_cli.images.exif_orientation import turn_upright
from lowlight_cli.images.picture import Frame, Samples


@dataclass(frozen=True, slots=True)
class Colors:
    """Color space of a file.

    Attributes:
        conversion: Conversion to sRGB; None if the samples are sRGB.
        icc: Profile for the output; None if the file had no usable one.
        warnings: ``icc``: the profile is damaged; ``icc_8bit``: it reduces 16 bits to 8; ``icc_to_srgb``: it
            cannot be written to; ``hdr_to_sdr``: PQ or HLG; ``color``: unknown code points.
        codes: Color code points of the same space; None if the file named none.
    """

    conversion: ToSrgb | None = None
    icc: bytes | None = None
    warnings: tuple[str, ...] = ()
    codes: ColorCodes | None = None


def colors_of(icc: object, *, gray: bool, sixteen_bit: bool) -> Colors:
    """Color space of a file, from its profile.

    Args:
        icc: Its profile; None or empty if it has none.
        gray: Whether it has one channel of brightness.
        sixteen_bit: Whether it has 16 bits per channel.
    """
    if not isinstance(icc, bytes) or not icc:
        return Colors()
    try:
        codes = read_profile(icc).codes
        if codes is not None and codes[1] in (PQ, HLG):
            return hdr_colors(ColorCodes(*codes), gray=gray)
        conversion = conversion_for(icc, gray=gray)
        if conversion is None:
            return Colors(icc=icc)
        is_writable = round_trips(conversion, gray=gray)
    except ProfileError:
        return Colors(warnings=("icc",))
    coarse = ("icc_8bit",) if sixteen_bit and not conversion.is_exact else ()
    if is_writable:
        return Colors(conversion, icc, coarse)
    # The output gets an sRGB profile, because its metadata may name the old space.
    return Colors(conversion, None if gray else plain_srgb(), ("icc_to_srgb", *coarse))


def hdr_colors(codes: ColorCodes, *, gray: bool) -> Colors:
    """Color space of PQ or HLG: a one-way conversion to sRGB, with the warning ``hdr_to_sdr``.

    Args:
        codes: Primaries, and ``PQ`` or ``HLG``.
        gray: Whether the image has one channel.
    """
    # Unspecified primaries are those of BT.2100, the standard of PQ and HLG.
    space = BT2020_PRIMARIES if codes.primaries == UNSPECIFIED else PRIMARIES.get(codes.primaries)
    if space is None:
        return Colors(warnings=("color",))
    # The output gets an sRGB profile, because its metadata may name the old space.
    return Colors(HdrConversion(codes.transfer, space), None if gray else plain_srgb(), ("hdr_to_sdr",))


def make_frame(
    samples: Samples, colors: Colors, *, orientation: int = 1, duration_ms: int | None = None
) -> Frame:
    """A frame from the samples of a file.

    Args:
        samples: uint8 or uint16 (h, w, channels): gray, gray and opacity, RGB, or RGB and opacity.
        colors: Their color space.
        orientation: EXIF value 1 to 8.
        duration_ms: How long an animation shows it.
    """
    samples = turn_upright(samples, orientation)
    channels = samples.shape[2]
    gray = channels < 3
    alpha = np.ascontiguousarray(samples[..., -1]) if channels in (2, 4) else None
    color = np.repeat(samples[..., :1], 3, axis=2) if gray else np.ascontiguousarray(samples[..., :3])
    out_of_gamut = None
    if colors.conversion is not None:
        color, out_of_gamut = colors.conversion.to_srgb(color)
    widened = color.dtype != samples.dtype
    return Frame(color, alpha, gray, duration_ms, widened, out_of_gamut)
