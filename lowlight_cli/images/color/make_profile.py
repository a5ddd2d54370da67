"""Makes ICC profiles for color spaces that a file names without a profile; equal spaces give equal bytes.

Source: ICC.1:2022, sections 7 to 10 and annex E (chromatic adaptation).
"""

import struct

import numpy as np

from lowlight_cli.images.color.cicp import Chromaticities
from lowlight_cli.images.color.icc_profile import Curve, Numbers, ProfileError

_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_HEADER_SIZE, _ENTRY_SIZE = 132, 12
_MIN_AREA = 1e-3
"""Twice the area of the triangle of primaries, at least; sRGB has 0.22."""


def rgb_profile(space: Chromaticities, curve: Curve) -> bytes:
    """A profile of three primaries and one tone curve.

    Raises:
        ProfileError: The primaries or the white point are invalid.
    """
    columns = zip((b"rXYZ", b"gXYZ", b"bXYZ"), matrix_to_d50(space).T, strict=True)
    tags = {name: b"XYZ \0\0\0\0" + _fixed(*column) for name, column in columns}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve_tag(curve))
    return _profile(b"RGB ", tags | {b"chad": b"sf32\0\0\0\0" + _fixed(*_adaptation(space).flat)})


def gray_profile(curve: Curve) -> bytes:
    """A profile of one tone curve."""
    return _profile(b"GRAY", {b"kTRC": _curve_tag(curve)})


def matrix_to_d50(space: Chromaticities) -> Numbers:
    """Matrix from linear RGB to XYZ under D50, (3, 3); equal amounts of RGB are white.

    Raises:
        ProfileError: The primaries or the white point are invalid.
    """
    matrix: Numbers = _adaptation(space) @ matrix_to_xyz(space)
    return matrix


def matrix_to_xyz(space: Chromaticities) -> Numbers:
    """Matrix from linear RGB to XYZ, (3, 3); the luminance of white is 1.

    Raises:
        ProfileError: The primaries or the white point are invalid.
    """
    corners = np.array([(x, y, 1 - x - y) for x, y in space[:3]]).T
    white = _white(space)
    if abs(np.linalg.det(corners)) < _MIN_AREA:
        raise ProfileError("the primaries of the file enclose no colors")
    amounts = np.linalg.solve(corners, white)
    if amounts.min() <= 0:
        raise ProfileError("the white point of the file lies outside of its primaries")
    matrix: Numbers = corners * amounts
    return matrix


def _white(space: Chromaticities) -> Numbers:
    x, y = space.white
    if not (0 < y < 1 and 0 < x < 1 - y):
        raise ProfileError("the white point of the file is invalid")
    return np.array((x / y, 1.0, (1 - x - y) / y))


def _adaptation(space: Chromaticities) -> Numbers:
    """Matrix that adapts XYZ from the white point of a space to D50."""
    scale = (_BRADFORD @ np.array(_D50)) / (_BRADFORD @ _white(space))
    adaptation: Numbers = np.linalg.inv(_BRADFORD) @ (scale[:, None] * _BRADFORD)
    return adaptation


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    white = _fixed(*_D50)
    texts = {b"desc": _text("Colors named by the file"), b"cprt": _text("No copyright")}
    tags = texts | {b"wtpt": b"XYZ \0\0\0\0" + white} | tags
    table, body = b"", b""
    start = _HEADER_SIZE + _ENTRY_SIZE * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(">I4xI4s4s4s12x4s", start + len(body), 0x04300000, b"mntr", space, b"XYZ ", b"acsp")
    header = (header + bytes(28) + white).ljust(128, b"\0")
    return header + struct.pack(">I", len(tags)) + table + body


def _text(words: str) -> bytes:
    encoded = words.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(encoded), 28) + encoded


def _curve_tag(curve: Curve) -> bytes:
    return b"para\0\0\0\0" + struct.pack(">HH", curve.form, 0) + _fixed(*curve.numbers)


def _fixed(*numbers: float) -> bytes:
    """Fixed-point numbers (s15Fixed16).

    Raises:
        ProfileError: A number is too large.
    """
    try:
        return b"".join(struct.pack(">i", round(float(number) * 65536)) for number in numbers)
    except struct.error as error:
        raise ProfileError("a parameter of the color space is too large") from error
