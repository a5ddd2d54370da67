"""Color formulas written from the standards, for values in [0, 1], independent of the package."""

import numpy as np


def srgb_light(values):
    """IEC 61966-2-1."""
    values = np.asarray(values, float)
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def srgb_values(light):
    """Inverse of ``srgb_light``; light outside of [0, 1] is clipped."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def bt709_light(values):
    """The inverse of ITU-R BT.709, item 1.2."""
    values = np.asarray(values, float)
    return np.where(values < 0.081, values / 4.5, ((values + 0.099) / 1.099) ** (1 / 0.45))


def pq_light(values):
    """PQ values to cd/m2: ITU-R BT.2100, table 4."""
    power = np.asarray(values, float) ** (32 / 2523)
    return 10000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (16384 / 2610)


def pq_values(light):
    """Inverse of ``pq_light``."""
    power = (np.asarray(light, float) / 10000) ** (2610 / 16384)
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg_values_of_gray(light):
    """HLG values of a gray that a display of 1000 cd/m2 shows at that light: ITU-R BT.2100, table 5."""
    scene = (np.asarray(light, float) / 1000) ** (1 / 1.2)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-9)) + c)


TO_SRGB = {
    1: np.eye(3),
    # SMPTE RP 177 applied to SMPTE C, BT.2020 and Display P3, as ITU-R BT.2087 and Apple print them.
    6: [[0.9395, 0.0502, 0.0103], [0.0178, 0.9658, 0.0164], [-0.0016, -0.0044, 1.0060]],
    9: [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    12: [[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]],
}
"""Matrices from linear light of the primaries of a code point to linear sRGB."""

LIGHT = {
    1: bt709_light,
    4: lambda values: values**2.2,
    5: lambda values: values**2.8,
    6: bt709_light,
    8: lambda values: values,
    13: srgb_light,
    14: bt709_light,
    15: bt709_light,
    17: lambda values: np.minimum(52.37 / 48 * values**2.6, 1),
}
"""Curves from values to linear light, by code point of the transfer characteristics."""


def shown(samples, primaries, transfer):
    """SRGB values of values in the space of two code points, both in [0, 1], (h, w, 3)."""
    return srgb_values(LIGHT[transfer](samples) @ np.array(TO_SRGB[primaries]).T)
