"""Colours of a profile <-> sRGB, for 8 and 16 bits.

Profiles made of curves and primaries are computed here, for no library at hand converts 16 bits. What sRGB
cannot show is kept aside and given back, so that a picture that is not changed keeps its colours.

Source: ICC.1:2022, annex F (matrix profiles); IEC 61966-2-1 (sRGB).
"""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lowlight_cli.images.colour_management import TableConversion
from lowlight_cli.images.icc_profile import Curve, Numbers, Profile, ProfileError, read_profile
from lowlight_cli.images.picture import OutOfGamut, Samples

_SRGB_CURVE = Curve(form=3, numbers=(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
_SRGB_MATRIX = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
"""Light of sRGB to XYZ under D50."""

_STRIP_PIXELS = 2**18
_SMALLEST_EXCESS = 1e-6
"""Light beyond black or white that is kept; less is half a step of 8 bits under any usual curve."""

Floats = NDArray[Any]
Depth = type[np.uint8] | type[np.uint16]


class GreyConversion:
    """Grey of a curve.

    Args:
        curve: Tone curve of the profile.
    """

    is_exact = True

    def __init__(self, curve: Curve) -> None:
        self._curve = curve

    def to_srgb(self, samples: Samples) -> tuple[Samples, OutOfGamut | None]:
        """SRGB of samples with equal channels; black to white is inside sRGB."""
        light = self._curve(_values(samples.dtype))
        table = _inverse(_SRGB_CURVE, np.uint16)[_steps(light.astype(np.float32))]
        return _look_up(table, samples), None

    def from_srgb(self, pixels: Samples, outside: OutOfGamut | None, depth: Depth) -> Samples:
        """The way back; ``outside`` is None."""
        light = _SRGB_CURVE(_values(pixels.dtype))
        return _look_up(_inverse(self._curve, depth)[_steps(light.astype(np.float32))], pixels)


class MatrixConversion:
    """Colours of three curves and three primaries, such as Display P3, Adobe RGB or ProPhoto RGB.

    SRGB gets 16 bits even where the file has 8: the shadows of two curves do not meet in 8 bits.

    Args:
        profile: One with a matrix.
    """

    is_exact = True

    def __init__(self, profile: Profile) -> None:
        self._curves = profile.curves
        self._matrix = np.linalg.solve(_SRGB_MATRIX, np.array(profile.matrix))

    def to_srgb(self, samples: Samples) -> tuple[Samples, OutOfGamut | None]:
        """SRGB of RGB samples (h, w, 3), and what of their colours it cannot show."""
        inward = [_light(curve, samples.dtype) for curve in self._curves]
        outward = [_inverse(_SRGB_CURVE, np.uint16)] * 3
        result = np.empty(samples.shape, np.uint16)
        found: list[OutOfGamut] = []
        for rows in _strips(samples):
            light = _mixed(_light_of(inward, samples[rows]), self._matrix)
            inside = light.clip(0, 1)
            if excess := _excess(light, inside, rows.start * samples.shape[1]):
                found.append(excess)
            result[rows] = _values_of(outward, inside)
        return result, _joined(found)

    def from_srgb(self, pixels: Samples, outside: OutOfGamut | None, depth: Depth) -> Samples:
        """The way back."""
        inward = [_light(_SRGB_CURVE, pixels.dtype)] * 3
        outward = [_inverse(curve, depth) for curve in self._curves]
        back = np.linalg.inv(self._matrix)
        result = np.empty(pixels.shape, depth)
        for rows in _strips(pixels):
            light = _light_of(inward, pixels[rows])
            if outside is not None:
                first, last = (row * pixels.shape[1] for row in (rows.start, rows.stop))
                begin, end = np.searchsorted(outside.places, (first, last))
                light.reshape(-1, 3)[outside.places[begin:end] - first] += outside.light[begin:end]
            result[rows] = _values_of(outward, _mixed(light, back).clip(0, 1))
        return result


Conversion = GreyConversion | MatrixConversion | TableConversion
"""Changes colours between the space of a file and sRGB; each kind has the same two methods."""


def conversion_for(icc: bytes, *, grey: bool) -> Conversion | None:
    """How pixels with a profile become sRGB; None where they are sRGB already.

    Args:
        icc: The profile.
        grey: Whether the picture has one channel.

    Raises:
        ProfileError: The profile is damaged, or not one for such a picture.
    """
    profile = read_profile(icc)
    if profile.space != "RGB" and not (grey and profile.space == "GRAY"):
        raise ProfileError(f"a colour profile for {profile.space or 'nothing'}")
    if grey:
        # Writers often leave the profile of the coloured original: it says nothing about grey.
        return None if profile.space == "RGB" else GreyConversion(profile.curves[0])
    if not profile.matrix:
        return TableConversion(icc)
    return None if _is_srgb(profile) else MatrixConversion(profile)


def _is_srgb(profile: Profile) -> bool:
    """Whether the profile differs from sRGB by less than can be seen in 8 bits."""
    values = np.linspace(0, 1, 256)
    expected = _SRGB_CURVE(values) ** (1 / 2.4)
    apart = max(np.abs(curve(values) ** (1 / 2.4) - expected).max() for curve in profile.curves)
    return bool(np.abs(np.array(profile.matrix) - _SRGB_MATRIX).max() < 2e-3 and apart < 0.004)


def _excess(light: Floats, inside: Floats, start: int) -> OutOfGamut | None:
    """What clipping takes away.

    Args:
        light: (h, w, 3).
        inside: The same, clipped to [0, 1].
        start: Number of the first pixel.
    """
    lowest, highest = (-_SMALLEST_EXCESS,) * 3, (1 + _SMALLEST_EXCESS,) * 3
    places = np.flatnonzero(cv2.inRange(light, lowest, highest) == 0)
    if not places.size:
        return None
    return OutOfGamut(places + start, light.reshape(-1, 3)[places] - inside.reshape(-1, 3)[places])


def _joined(parts: list[OutOfGamut]) -> OutOfGamut | None:
    if not parts:
        return None
    places, light = zip(*parts, strict=True)
    return OutOfGamut(np.concatenate(places), np.concatenate(light))


def _strips(samples: Samples) -> Iterator[slice]:
    """Rows of about equal work: floating-point copies of a whole photo would take gigabytes."""
    height, width = samples.shape[:2]
    step = max(1, _STRIP_PIXELS // width)
    return (slice(top, min(top + step, height)) for top in range(0, height, step))


def _values(depth: "Depth | np.dtype[Any]") -> Numbers:
    """Every value of a channel, scaled to [0, 1]."""
    return np.linspace(0, 1, np.iinfo(depth).max + 1)


def _light(curve: Curve, depth: "np.dtype[Any]") -> Floats:
    """Light of every value of a channel."""
    return curve(_values(depth)).astype(np.float32)


def _inverse(curve: Curve, depth: Depth) -> Samples:
    """Value of a channel for 65536 amounts of light, evenly spaced by their square roots, as eyes are."""
    values = _values(np.uint16)
    found = np.interp(values**2, np.maximum.accumulate(curve(values)), values)
    return (found * np.iinfo(depth).max).round().astype(depth)


def _steps(light: Floats) -> Samples:
    """Where amounts of light lie in a table made by ``_inverse``."""
    return (np.sqrt(light) * np.float32(65535) + np.float32(0.5)).astype(np.uint16)


def _look_up(table: Samples, samples: Samples) -> Samples:
    return np.take(table, samples)


def _light_of(tables: list[Floats], samples: Samples) -> Floats:
    light: Floats = cv2.merge([_look_up(table, samples[..., i]) for i, table in enumerate(tables)])
    return light


def _mixed(light: Floats, matrix: Numbers) -> Floats:
    """Light of other primaries."""
    mixed: Floats = cv2.transform(light, matrix)
    return mixed


def _values_of(tables: list[Samples], light: Floats) -> Samples:
    """Values of channels for amounts of light (h, w, 3) in [0, 1]."""
    steps = _steps(light)
    return cv2.merge([_look_up(table, steps[..., i]) for i, table in enumerate(tables)])
