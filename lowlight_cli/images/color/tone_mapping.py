"""Converts high dynamic range (PQ, HLG) to sRGB.

Light below 88 cd/m2 is kept. Above, it is compressed so that 1000 cd/m2 and more become white.

Source: ITU-R BT.2100-2, tables 4 and 5 (PQ, HLG); BT.2390-10, section 5.4 (the curve); BT.2408-5 (203 cd/m2).
"""

import numpy as np

from lowlight_cli.images.color.cicp import HLG, Chromaticities
from lowlight_cli.images.color.icc_profile import SRGB_CURVE, Numbers
from lowlight_cli.images.color.light_tables import (
    SRGB_MATRIX,
    Floats,
    channel_values,
    light_steps,
    look_up,
    mixed,
    strips,
    to_light,
    to_values,
    values_of_light,
)
from lowlight_cli.images.color.make_profile import matrix_to_d50, matrix_to_xyz
from lowlight_cli.images.picture import OutOfGamut, Samples

_WHITE, _PEAK, _PQ_PEAK = 203.0, 1000.0, 10000.0
"""In cd/m2: diffuse white, which becomes the white of sRGB; the light clipped to white; the maximum of PQ."""

_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
_HLG_GAMMA = 1.2
"""System gamma of a display of 1000 cd/m2."""


class HdrConversion:
    """Converts PQ or HLG to sRGB, one way only.

    Args:
        transfer: Code point, ``PQ`` or ``HLG``.
        space: Chromaticities of the primaries.
    """

    def __init__(self, transfer: int, space: Chromaticities) -> None:
        self._is_scene = transfer == HLG
        self._luminance = matrix_to_xyz(space)[1]
        self._matrix = np.linalg.solve(SRGB_MATRIX, matrix_to_d50(space))

    def to_srgb(self, samples: Samples) -> tuple[Samples, OutOfGamut | None]:
        """SRGB of RGB samples (h, w, 3), with 16 bits; out-of-gamut colors are clipped and not kept."""
        values = channel_values(samples.dtype)
        inward = [(_hlg_light(values) if self._is_scene else pq_light(values)).astype(np.float32)] * 3
        outward = [values_of_light(SRGB_CURVE, np.uint16)] * 3
        gains = _gains(channel_values(np.uint16) ** 2).astype(np.float32)
        result = np.empty(samples.shape, np.uint16)
        for rows in strips(samples):
            light = to_light(inward, samples[rows])
            if self._is_scene:
                light *= _system_gain(light, self._luminance)
            brightest = light.max(axis=2, keepdims=True)
            share = (brightest / np.float32(_PEAK)).clip(0, 1)
            light *= look_up(gains, light_steps(share)) / np.maximum(brightest / np.float32(_PEAK), 1)
            result[rows] = to_values(outward, mixed(light / np.float32(_WHITE), self._matrix).clip(0, 1))
        return result, None


def pq_light(values: Numbers) -> Numbers:
    """Light in cd/m2 of PQ values in [0, 1]."""
    power = values ** (1 / _M2)
    light: Numbers = _PQ_PEAK * (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1)
    return light


def pq_values(light: Numbers) -> Numbers:
    """PQ values in [0, 1] of light in cd/m2."""
    power = (light / _PQ_PEAK) ** _M1
    values: Numbers = ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2
    return values


def _hlg_light(values: Numbers) -> Numbers:
    """Scene light in [0, 1] of HLG values in [0, 1]."""
    return np.where(values <= 0.5, values**2 / 3, (np.exp((values - _C) / _A) + _B) / 12)


def _system_gain(light: Floats, luminance: Numbers) -> Floats:
    """Factor (h, w, 1) from scene light (h, w, 3) to display light in cd/m2."""
    brightness = (light @ luminance.astype(np.float32))[..., None]
    gain: Floats = np.float32(_PEAK) * brightness.clip(0, None) ** np.float32(_HLG_GAMMA - 1)
    return gain


def _gains(shares: Numbers) -> Numbers:
    """Factors that compress light, by its share of the peak in [0, 1]."""
    light = np.maximum(shares * _PEAK, 1e-6)
    peak, target = pq_values(np.array((_PEAK, _WHITE)))
    value, top = pq_values(light) / peak, target / peak
    knee = 1.5 * top - 0.5
    t = np.maximum(value - knee, 0) / (1 - knee)
    rise = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * top
    return np.where(value < knee, 1.0, pq_light(rise * peak) / light)
