"""Reads the color space, tone curves and primaries of an ICC profile.

Source: ICC.1:2022, sections 7.2 (header), 10.3 (code points), 10.6 (curves), 10.18 (parametric
curves).
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

_COLORS = (b"rXYZ", b"gXYZ", b"bXYZ")
_CURVES = (b"rTRC", b"gTRC", b"bTRC")
_PARAMETERS = (1, 3, 4, 5, 7)
"""Number of parameters of each of the five types of parametric curves."""


class ProfileError(ValueError):
    """A profile is damaged, or not for this kind of image."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Maps values of a channel to linear light, both in [0, 1].

    Attributes:
        table: Evenly spaced samples of the curve; empty for a formula.
        form: Type of the formula, 0 to 4.
        numbers: Parameters of the formula, the exponent first.
    """

    table: tuple[float, ...] = ()
    form: int = 0
    numbers: tuple[float, ...] = (1.0,)

    def __call__(self, values: Numbers) -> Numbers:
        """Linear light of each value."""
        if self.table:
            return np.interp(values, np.linspace(0, 1, len(self.table)), self.table)
        exponent, scale, shift, slope, border, above, below = _seven(self.form, self.numbers)
        curved = np.maximum(scale * values + shift, 0) ** exponent + above
        return np.clip(np.where(values >= border, curved, slope * values + below), 0, 1)


SRGB_CURVE = Curve(form=3, numbers=(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
"""sRGB values to linear light. Source: IEC 61966-2-1."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The parts of a profile that conversions need.

    Attributes:
        space: Color space of the image: ``RGB``, ``GRAY``, ``CMYK`` or another.
        curves: One for each channel; empty for a profile of tables.
        matrix: Linear RGB to XYZ under D50, (3, 3); empty for a profile without primaries.
        codes: Code points of primaries and transfer characteristics (H.273); None without the tag cicp.
    """

    space: str
    curves: tuple[Curve, ...] = ()
    matrix: tuple[tuple[float, ...], ...] = ()
    codes: tuple[int, int] | None = None


def read_profile(icc: bytes) -> Profile:
    """Parses a profile.

    Raises:
        ProfileError: The profile is damaged.
    """
    try:
        return _read(icc)
    except (struct.error, IndexError, OverflowError, UnicodeDecodeError) as error:
        raise ProfileError("the color profile is damaged") from error


def _read(icc: bytes) -> Profile:
    tags = _tags(icc)
    space = icc[16:20].decode("ascii").strip()
    if space == "GRAY":
        if b"kTRC" not in tags:
            raise ProfileError("the color profile has no curve")
        return Profile(space, (_curve(tags[b"kTRC"]),))
    is_matrix = icc[20:24] == b"XYZ " and b"A2B0" not in tags and set(_COLORS + _CURVES) <= set(tags)
    codes = struct.unpack_from(">BB", tags[b"cicp"], 8) if b"cicp" in tags else None
    if space != "RGB" or not is_matrix:
        return Profile(space, codes=codes)
    columns = [[number / 65536 for number in struct.unpack_from(">3i", tags[name], 8)] for name in _COLORS]
    if abs(np.linalg.det(np.array(columns))) < 1e-4:
        raise ProfileError("the primaries of the color profile are linearly dependent")
    rows = tuple(tuple(column[i] for column in columns) for i in range(3))
    return Profile(space, tuple(_curve(tags[name]) for name in _CURVES), rows, codes)


def _tags(icc: bytes) -> dict[bytes, bytes]:
    if icc[36:40] != b"acsp" or struct.unpack_from(">I", icc)[0] > len(icc):
        raise ProfileError("the color profile is truncated or not a profile")
    count = struct.unpack_from(">I", icc, 128)[0]
    tags = {}
    for i in range(min(count, 200)):
        name, start, size = struct.unpack_from(">4sII", icc, 132 + 12 * i)
        if start + size > len(icc):
            raise ProfileError("the color profile is damaged")
        tags[name] = icc[start : start + size]
    return tags


def _curve(tag: bytes) -> Curve:
    if tag[:4] == b"para":
        form = struct.unpack_from(">H", tag, 8)[0]
        numbers = struct.unpack_from(f">{_PARAMETERS[form]}i", tag, 12)
        return Curve(form=form, numbers=tuple(number / 65536 for number in numbers))
    if tag[:4] != b"curv":
        raise ProfileError("the color profile has a curve of an unknown type")
    count = struct.unpack_from(">I", tag, 8)[0]
    if count == 0:
        return Curve()
    if count == 1:
        return Curve(numbers=(struct.unpack_from(">H", tag, 12)[0] / 256,))
    return Curve(tuple(number / 65535 for number in struct.unpack_from(f">{count}H", tag, 12)))


def _seven(form: int, numbers: tuple[float, ...]) -> tuple[float, ...]:
    """Exponent, scale, shift, slope below the border, border, and offsets above and below the border."""
    exponent, scale, shift, slope, border, above, below = (*numbers, *[0.0] * (7 - len(numbers)))
    if form == 0:
        return exponent, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if form in (1, 2):
        # The fourth number is added on both sides; the power starts where its base becomes positive.
        return exponent, scale, shift, 0.0, -shift / scale if scale else 0.0, slope, slope
    return exponent, scale, shift, slope, border, above, below
