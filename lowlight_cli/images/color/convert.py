"""Converts colors between the space of a profile and sRGB, with 8 or 16 bits per channel.

Profiles of curves and primaries are computed here, because none of our libraries converts 16 bits. Colors
outside of sRGB are stored separately and restored on output, so that an unchanged image keeps its colors.

Source: ICC.1:2022, annex F (matrix profiles); IEC 61966-2-1 (sRGB).
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import cv2
import numpy as np

from lowlight_cli.images.color.color_management import TableConversion
from lowlight_cli.images.color.icc_profile import SRGB_CURVE, Curve, Profile, ProfileError, read_profile
from lowlight_cli.images.color.light_tables import (
    SRGB_MATRIX,
    Depth,
    Floats,
    channel_values,
    light_of_values,
    light_steps,
    look_up,
    mixed,
    strips,
    to_light,
    to_values,
    values_of_light,
)
from lowlight_cli.images.depth import in_depth
from lowlight_cli.images.picture import OutOfGamut, Samples

_SMALLEST_EXCESS = 1e-6
"""Light beyond black or white that is kept; less is below half a step of 8 bits under any usual curve."""


class GrayConversion:
    """Converts between sRGB and gray with a tone curve.

    Args:
        curve: Tone curve of the profile.
    """

    is_exact = True

    def __init__(self, curve: Curve) -> None:
        self._curve = curve

    def to_srgb(self, samples: Samples) -> tuple[Samples, OutOfGamut | None]:
        """SRGB of samples with equal channels; gray is never out of gamut."""
        light = self._curve(channel_values(samples.dtype))
        table = values_of_light(SRGB_CURVE, np.uint16)[light_steps(light.astype(np.float32))]
        return look_up(table, samples), None

    def from_srgb(self, pixels: Samples, out_of_gamut: OutOfGamut | None, depth: Depth) -> Samples:
        """Samples in the profile's space; ``out_of_gamut`` must be None."""
        light = SRGB_CURVE(channel_values(pixels.dtype))
        return look_up(values_of_light(self._curve, depth)[light_steps(light.astype(np.float32))], pixels)


class MatrixConversion:
    """Converts between sRGB and a space of three curves and primaries, such as Display P3 or Adobe RGB.

    The sRGB pixels have 16 bits even for files of 8 bits, because dark values of two curves do not match in
    8 bits.

    Args:
        profile: A profile with a matrix.
    """

    is_exact = True

    def __init__(self, profile: Profile) -> None:
        self._curves = profile.curves
        self._matrix = np.linalg.solve(SRGB_MATRIX, np.array(profile.matrix))

    def to_srgb(self, samples: Samples) -> tuple[Samples, OutOfGamut | None]:
        """SRGB of RGB samples (h, w, 3), and their out-of-gamut colors."""
        inward = _for_each(self._curves, lambda curve: light_of_values(curve, samples.dtype))
        outward = [values_of_light(SRGB_CURVE, np.uint16)] * 3
        result = np.empty(samples.shape, np.uint16)
        found: list[OutOfGamut] = []
        for rows in strips(samples):
            light = mixed(to_light(inward, samples[rows]), self._matrix)
            inside = light.clip(0, 1)
            if excess := _excess(light, inside, rows.start * samples.shape[1]):
                found.append(excess)
            result[rows] = to_values(outward, inside)
        return result, _joined(found)

    def from_srgb(self, pixels: Samples, out_of_gamut: OutOfGamut | None, depth: Depth) -> Samples:
        """Samples in the profile's space, with the out-of-gamut colors restored."""
        inward = [light_of_values(SRGB_CURVE, pixels.dtype)] * 3
        outward = _for_each(self._curves, lambda curve: values_of_light(curve, depth))
        back = np.linalg.inv(self._matrix)
        result = np.empty(pixels.shape, depth)
        for rows in strips(pixels):
            light = to_light(inward, pixels[rows])
            if out_of_gamut is not None:
                first, last = (row * pixels.shape[1] for row in (rows.start, rows.stop))
                begin, end = np.searchsorted(out_of_gamut.places, (first, last))
                light.reshape(-1, 3)[out_of_gamut.places[begin:end] - first] += out_of_gamut.light[begin:end]
            result[rows] = to_values(outward, mixed(light, back).clip(0, 1))
        return result


@runtime_checkable
class ToSrgb(Protocol):
    """Converts colors of a file to sRGB."""

    def to_srgb(self, samples: Samples) -> tuple[Samples, OutOfGamut | None]:
        """SRGB of RGB samples (h, w, 3), and their out-of-gamut colors."""


Conversion = GrayConversion | MatrixConversion | TableConversion
"""Converts colors between the space of a file and sRGB, both ways."""


def conversion_for(icc: bytes, *, gray: bool) -> Conversion | None:
    """Conversion between the space of a profile and sRGB; None if the profile is sRGB.

    Args:
        icc: The profile.
        gray: Whether the image has one channel.

    Raises:
        ProfileError: The profile is damaged or not for such an image.
    """
    profile = read_profile(icc)
    if profile.space != "RGB" and not (gray and profile.space == "GRAY"):
        raise ProfileError(f"a color profile for {profile.space or 'no color space'}")
    if gray:
        # Programs often leave the profile of the color original, which does not apply to gray.
        return None if profile.space == "RGB" else GrayConversion(profile.curves[0])
    if not profile.matrix:
        return TableConversion(icc)
    return None if _is_srgb(profile) else MatrixConversion(profile)


def conversion_back(icc: bytes, *, gray: bool) -> Conversion | None:
    """Conversion for writing an image with the profile of its input; None if no conversion is needed.

    Args:
        icc: The profile.
        gray: Whether the image has one channel.
    """
    try:
        return conversion_for(icc, gray=gray)
    except ProfileError:  # the profile belongs to other pages of the file
        return None


def _is_srgb(profile: Profile) -> bool:
    """Whether the difference between the profile and sRGB is invisible in 8 bits."""
    values = np.linspace(0, 1, 256)
    expected = SRGB_CURVE(values) ** (1 / 2.4)
    apart = max(np.abs(curve(values) ** (1 / 2.4) - expected).max() for curve in profile.curves)
    return bool(np.abs(np.array(profile.matrix) - SRGB_MATRIX).max() < 2e-3 and apart < 0.004)


def _excess(light: Floats, inside: Floats, start: int) -> OutOfGamut | None:
    """Differences between light and clipped light; None if nothing was clipped.

    Args:
        light: Linear light, (h, w, 3).
        inside: The same, clipped to [0, 1].
        start: Index of the first pixel in the image.
    """
    lowest, highest = (-_SMALLEST_EXCESS,) * 3, (1 + _SMALLEST_EXCESS,) * 3
    places = np.flatnonzero(cv2.inRange(light, lowest, highest) == 0)
    if not places.size:
        return None
    return OutOfGamut(places + start, light.reshape(-1, 3)[places] - inside.reshape(-1, 3)[places])


def _for_each(curves: tuple[Curve, ...], make: Callable[[Curve], Samples]) -> list[Samples]:
    """A table for each curve, computed once for equal curves."""
    made = {curve: make(curve) for curve in dict.fromkeys(curves)}
    return [made[curve] for curve in curves]


def _joined(parts: list[OutOfGamut]) -> OutOfGamut | None:
    if not parts:
        return None
    places, light = zip(*parts, strict=True)
    return OutOfGamut(np.concatenate(places), np.concatenate(light))


_GRAYS = [(level,) * 3 for level in (0, 16, 32, 64, 96, 128, 160, 192, 224, 255)]
_TINTS = [(96, 64, 64), (64, 96, 64), (64, 64, 96), (160, 160, 128), (160, 128, 160), (128, 160, 160)]
"""Colors in the gamut of any camera, screen and printer, in 8 bits of sRGB."""

_MAX_ERROR, _MIN_CONTRAST = 6, 32
"""In levels of 8-bit sRGB."""


def round_trips(conversion: Conversion, *, gray: bool) -> bool:
    """Whether sRGB colors survive the conversion to the space of the file and back.

    Args:
        conversion: Conversion of a profile.
        gray: Whether the image has one channel.

    Raises:
        ProfileError: Dark and bright tones of the file become nearly the same sRGB color.
    """
    tones = np.array([[[26] * 3, [229] * 3]], np.uint8)
    if np.ptp(_in_srgb(conversion, tones)) < _MIN_CONTRAST:
        raise ProfileError("the color profile maps dark and bright tones to one shade")
    colors = np.array([_GRAYS if gray else _GRAYS + _TINTS], np.uint8)
    try:
        stored = conversion.from_srgb(colors, None, np.uint16)
    except ProfileError:
        return False
    return bool(np.abs(_in_srgb(conversion, stored) - colors).max() <= _MAX_ERROR)


def _in_srgb(conversion: Conversion, samples: Samples) -> Samples:
    """8-bit sRGB levels as signed integers."""
    return in_depth(conversion.to_srgb(samples)[0], np.uint8).astype(np.int16)
