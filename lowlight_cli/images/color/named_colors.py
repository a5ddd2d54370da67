"""Interprets color spaces that a file names without a profile: nclx, cICP, gAMA and cHRM.

Source: ITU-T H.273; PNG (Third Edition), sections 4.3 (precedence of chunks) and 11.3.2.
"""

import struct
from dataclasses import replace
from itertools import takewhile

from lowlight_cli.images.color.cicp import (
    HLG,
    PQ,
    PRIMARIES,
    SRGB_PRIMARIES,
    TRANSFERS,
    Chromaticities,
    ColorCodes,
)
from lowlight_cli.images.color.icc_profile import SRGB_CURVE, Curve, ProfileError
from lowlight_cli.images.color.make_profile import gray_profile, rgb_profile
from lowlight_cli.images.frames import Colors, colors_of, hdr_colors
from lowlight_cli.images.metadata.png_chunks import read_chunks

_UNKNOWN = Colors(warnings=("color",))
_SRGB_GAMMA, _SAME_GAMMA = 1 / 2.2, 0.05
"""The gAMA that writers of sRGB add for simple readers, and the relative difference that libpng tolerates."""


def colors_of_codes(codes: ColorCodes, *, gray: bool) -> Colors:
    """Color space of a file that names code points.

    Args:
        codes: Code points of H.273.
        gray: Whether the image has one channel.

    Returns:
        Colors with a profile of that space. For PQ and HLG: a one-way conversion to sRGB and the warning
        ``hdr_to_sdr``. For unknown codes: sRGB and the warning ``color``.
    """
    if codes.transfer in (PQ, HLG):
        return hdr_colors(codes, gray=gray)
    space, curve = PRIMARIES.get(codes.primaries), TRANSFERS.get(codes.transfer)
    if space is None or curve is None:
        return _UNKNOWN
    colors = _colors_of_space(space, curve, gray=gray)
    is_kept = colors.icc is not None and not colors.warnings
    return replace(colors, codes=codes) if is_kept else colors


def colors_of_png(data: bytes, icc: object, *, gray: bool, sixteen_bit: bool) -> Colors:
    """Color space of a PNG, from its cICP, else its profile, else sRGB, gAMA and cHRM.

    Args:
        data: The whole file.
        icc: Its profile; None or empty if it has none.
        gray: Whether the image has one channel.
        sixteen_bit: Whether it has 16 bits per channel.
    """
    before = takewhile(lambda chunk: chunk.kind != b"IDAT", read_chunks(data))
    chunks = {chunk.kind: chunk.data for chunk in before}
    named = Colors()
    if b"cICP" in chunks:
        named = _colors_of_cicp(chunks[b"cICP"], gray=gray)
        if named != _UNKNOWN:
            return named
    if icc:
        return colors_of(icc, gray=gray, sixteen_bit=sixteen_bit)
    if b"sRGB" in chunks or not chunks.keys() & {b"gAMA", b"cHRM"}:
        return named
    return _colors_of_gamma(chunks.get(b"gAMA"), chunks.get(b"cHRM"), gray=gray)


def _colors_of_cicp(content: bytes, *, gray: bool) -> Colors:
    # The other two numbers must state RGB (matrix 0) and full range (1).
    if len(content) != 4 or content[2:] != b"\0\1":
        return _UNKNOWN
    return colors_of_codes(ColorCodes(content[0], content[1]), gray=gray)


def _colors_of_gamma(gamma: bytes | None, points: bytes | None, *, gray: bool) -> Colors:
    """Color space from gAMA and cHRM; either can be missing."""
    try:
        curve = SRGB_CURVE if gamma is None else _curve_of_gamma(struct.unpack(">I", gamma)[0] / 100_000)
        space = SRGB_PRIMARIES if points is None else _chromaticities(points)
    except struct.error:
        return _UNKNOWN
    return _UNKNOWN if curve is None else _colors_of_space(space, curve, gray=gray)


def _curve_of_gamma(gamma: float) -> Curve | None:
    """Curve to linear light of an image encoded with an exponent; None for an exponent of 0."""
    if gamma == 0:
        return None
    is_srgb = abs(gamma / _SRGB_GAMMA - 1) <= _SAME_GAMMA
    return SRGB_CURVE if is_srgb else Curve(numbers=(1 / gamma,))


def _chromaticities(points: bytes) -> Chromaticities:
    numbers = [number / 100_000 for number in struct.unpack(">8I", points)]
    white, red, green, blue = zip(numbers[::2], numbers[1::2], strict=True)
    return Chromaticities(red, green, blue, white)


def _colors_of_space(space: Chromaticities, curve: Curve, *, gray: bool) -> Colors:
    if gray and curve == SRGB_CURVE:
        return Colors()
    try:
        icc = gray_profile(curve) if gray else rgb_profile(space, curve)
    except ProfileError:
        return _UNKNOWN
    colors = colors_of(icc, gray=gray, sixteen_bit=False)
    if "icc" in colors.warnings:
        return _UNKNOWN
    return Colors() if colors.conversion is None else colors
