"""Defines the color code points of AVIF, HEIC (nclx) and PNG (cICP): primaries and transfer curves.

Source: ITU-T H.273 (2021), tables 2 and 3.
"""

from typing import NamedTuple

from lowlight_cli.images.color.icc_profile import SRGB_CURVE, Curve

Point = tuple[float, float]
"""Chromaticity: CIE x and y."""


class ColorCodes(NamedTuple):
    """Code points of the primaries and of the transfer characteristics."""

    primaries: int
    transfer: int


class Chromaticities(NamedTuple):
    """Chromaticities of the primaries and of white."""

    red: Point
    green: Point
    blue: Point
    white: Point


UNSPECIFIED = 2
"""Code point of unspecified primaries or transfer characteristics."""

PQ, HLG = 16, 18
"""Code points of the transfer characteristics of high dynamic range."""

_D65, _WHITE_C = (0.3127, 0.329), (0.31, 0.316)
SRGB_PRIMARIES = Chromaticities((0.64, 0.33), (0.3, 0.6), (0.15, 0.06), _D65)
BT2020_PRIMARIES = Chromaticities((0.708, 0.292), (0.17, 0.797), (0.131, 0.046), _D65)
_BT601 = Chromaticities((0.63, 0.34), (0.31, 0.595), (0.155, 0.07), _D65)

PRIMARIES = {
    1: SRGB_PRIMARIES,
    UNSPECIFIED: SRGB_PRIMARIES,
    4: Chromaticities((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _WHITE_C),
    5: Chromaticities((0.64, 0.33), (0.29, 0.6), (0.15, 0.06), _D65),
    6: _BT601,
    7: _BT601,
    8: Chromaticities((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _WHITE_C),
    9: BT2020_PRIMARIES,
    10: Chromaticities((1.0, 0.0), (0.0, 1.0), (0.0, 0.0), (1 / 3, 1 / 3)),
    11: Chromaticities((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), (0.314, 0.351)),
    12: Chromaticities((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), _D65),
    22: Chromaticities((0.63, 0.34), (0.295, 0.605), (0.155, 0.077), _D65),
}
"""Chromaticities by code point."""


def _camera_curve(alpha: float, beta: float, slope: float) -> Curve:
    """Inverse of a camera's transfer curve, which is linear near black and a power above.

    Args:
        alpha: As in H.273, 1.099 for most.
        beta: Light at which the power starts.
        slope: Slope of the linear part.
    """
    return Curve(form=3, numbers=(1 / 0.45, 1 / alpha, (alpha - 1) / alpha, 1 / slope, slope * beta))


_BT709 = _camera_curve(1.099, 0.018, 4.5)

TRANSFERS = {
    1: _BT709,
    UNSPECIFIED: SRGB_CURVE,
    4: Curve(numbers=(2.2,)),
    5: Curve(numbers=(2.8,)),
    6: _BT709,
    7: _camera_curve(1.1115, 0.0228, 4.0),
    8: Curve(),
    11: _BT709,
    12: _BT709,
    13: SRGB_CURVE,
    14: _BT709,
    15: _camera_curve(1.0993, 0.0181, 4.5),
    17: Curve(form=1, numbers=(2.6, (52.37 / 48) ** (1 / 2.6), 0.0)),
}
"""Curves to linear light by code point, without those of high dynamic range and the two logarithmic ones,
which no camera writes."""
