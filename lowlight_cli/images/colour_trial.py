"""Whether a profile can be written to: some have no tables for that, or tables that lead elsewhere."""

import numpy as np

from lowlight_cli.images.colour import Conversion
from lowlight_cli.images.depth import in_depth
from lowlight_cli.images.icc_profile import ProfileError
from lowlight_cli.images.picture import Samples

_GREYS = [(level,) * 3 for level in (0, 16, 32, 64, 96, 128, 160, 192, 224, 255)]
_TINTS = [(96, 64, 64), (64, 96, 64), (64, 64, 96), (160, 160, 128), (160, 128, 160), (128, 160, 160)]
"""Colours that any camera, screen and printer knows, 8 bits of sRGB."""

_LARGEST_ERROR, _LEAST_CONTRAST = 6, 32
"""In 8 bits of sRGB."""


def leads_back(conversion: Conversion, *, grey: bool) -> bool:
    """Whether colours of sRGB are still the same after a way to the space of the file and back.

    Args:
        conversion: Of a profile.
        grey: Whether the picture has one channel.

    Raises:
        ProfileError: Dark and bright tones of the file are one in sRGB, so there is no picture.
    """
    tones = np.array([[[26] * 3, [229] * 3]], np.uint8)
    if np.ptp(_in_srgb(conversion, tones)) < _LEAST_CONTRAST:
        raise ProfileError("the colour profile makes one shade of dark and bright")
    colours = np.array([_GREYS if grey else _GREYS + _TINTS], np.uint8)
    try:
        stored = conversion.from_srgb(colours, None, np.uint16)
    except ProfileError:
        return False
    return bool(np.abs(_in_srgb(conversion, stored) - colours).max() <= _LARGEST_ERROR)


def _in_srgb(conversion: Conversion, samples: Samples) -> Samples:
    """8 bits of sRGB, as whole numbers that can be subtracted."""
    return in_depth(conversion.to_srgb(samples)[0], np.uint8).astype(np.int16)
