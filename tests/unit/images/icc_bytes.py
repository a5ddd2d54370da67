"""Makes ICC profiles byte by byte from the specification."""

import struct

import numpy as np


def numbers(*values):
    """Fixed-point numbers (s15Fixed16)."""
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


SRGB_CURVE = b"para\0\0\0\0\0\3\0\0" + numbers(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def gamma_tag(exponent):
    """A curve of one gamma."""
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(exponent * 256))


def make_icc(tags, space):
    """A profile of the given tags."""
    white = numbers(0.9642, 1, 0.8249)
    tags = tags | {
        b"wtpt": b"XYZ \0\0\0\0" + white,
        b"desc": b"desc\0\0\0\0\0\0\0\2X\0" + bytes(78),
        b"cprt": b"text\0\0\0\0X\0",
    }
    start = 132 + 12 * len(tags)
    table, body = b"", b""
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = bytearray(128)
    header[:4] = struct.pack(">I", start + len(body))
    header[8:24] = b"\x02\x40\0\0mntr" + space + b"XYZ "
    header[36:40], header[68:80] = b"acsp", white
    return bytes(header) + struct.pack(">I", len(tags)) + table + body


def rgb_icc(primaries, curve, **tags):
    """A profile of three primaries under D50, one curve and further tags."""
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    colors = {name: b"XYZ \0\0\0\0" + numbers(*xyz) for name, xyz in zip(names, primaries, strict=True)}
    colors |= {name.encode(): content for name, content in tags.items()}
    return make_icc(colors | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve), b"RGB ")


P3_XYZ = [(0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)]
_ADOBE_XYZ = [(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)]
_PROPHOTO_XYZ = [(0.79767, 0.28804, 0), (0.13519, 0.71188, 0), (0.03134, 0.00009, 0.82491)]
DISPLAY_P3 = rgb_icc(P3_XYZ, SRGB_CURVE)
ADOBE_RGB = rgb_icc(_ADOBE_XYZ, gamma_tag(563 / 256))
PROPHOTO = rgb_icc(_PROPHOTO_XYZ, gamma_tag(1.8))
WIDE = {"Display P3": DISPLAY_P3, "Adobe RGB": ADOBE_RGB, "ProPhoto RGB": PROPHOTO}
GRAY_22 = make_icc({b"kTRC": gamma_tag(2.2)}, b"GRAY")


def lut8(channels, colors, *, out=3):
    """A table of type lut8: two grid points per axis, identity curves."""
    straight = bytes(range(256))
    head = b"mft1\0\0\0\0" + bytes((channels, out, 2, 0)) + numbers(1, 0, 0, 0, 1, 0, 0, 0, 1)
    return head + straight * channels + colors + straight * out


def table_icc(space, channels, to_lab):
    """A profile with tables from its samples to Lab; the table back maps everything to black."""
    to_device = bytes(channels * 8)
    tags = {b"A2B0": lut8(channels, to_lab), b"B2A0": lut8(3, to_device, out=channels)}
    return make_icc(tags, space).replace(space + b"XYZ ", space + b"Lab ", 1)


BLACK_LAB, GRAY_LAB = bytes((0, 128, 128)), bytes((128, 128, 128))


_TO_SRGB_VALUES = b"para\0\0\0\0\0\4\0\0" + numbers(1 / 2.4, 1.055**2.4, 0, 12.92, 0.0031308, -0.055, 0)
_STRAIGHT = b"para" + bytes(8) + numbers(1)
_XYZ_SCALE = 32768 / 65535
"""Scale of light in a table whose other side is XYZ."""


def forth_table(xyz=P3_XYZ):
    """A table of type lutAToB without a grid: the curve of sRGB and primaries (10.12)."""
    matrix = np.array(xyz).T * _XYZ_SCALE
    return _elements(b"mAB ", matrix, SRGB_CURVE)


def back_table(xyz=P3_XYZ):
    """The inverse table of type lutBToA (10.13)."""
    return _elements(b"mBA ", np.linalg.inv(np.array(xyz).T) / _XYZ_SCALE, _TO_SRGB_VALUES)


def _elements(kind, matrix, curve):
    straight, curves, middle = _STRAIGHT * 3, curve * 3, numbers(*matrix.flat, 0, 0, 0)
    places = (32, 32 + len(straight), 32 + len(straight) + len(middle), 0, 0)
    return kind + bytes(4) + b"\3\3\0\0" + struct.pack(">5I", *places) + straight + middle + curves


def tables_icc(**tags):
    """A profile of tables only, version 4."""
    icc = make_icc({name.encode(): content for name, content in tags.items()}, b"RGB ")
    return icc[:8] + b"\4" + icc[9:]
