"""Tone curves that act where a model has no control of its own for contrast or brightness.

Both keep black and white where they are, clip nothing and look at one pixel at a time, so that tiles agree.
"""

from dataclasses import dataclass

import torch

from lowlight_cli.layers.exposure import lift
from lowlight_cli.tensors import Images

MIDDLE_GRAY = 0.461
"""What reflects 18 % of the light, as an sRGB value: contrast leaves it where it is."""


@dataclass(frozen=True, slots=True)
class Tone:
    """How far each curve is turned; 1 is not at all.

    Attributes:
        contrast: 0 to 2; slope ``2^((contrast - 1) / 2)`` at middle gray.
        brightness: 0 to 2; halves to doubles the gain of dark pixels.
    """

    contrast: float = 1.0
    brightness: float = 1.0


UNTURNED = Tone()


def toned(images: Images, tone: Tone) -> Images:
    """Pictures after both curves, brightness first; unchanged where nothing is turned.

    Brightness is y = k x / (1 + (k - 1) x) with k = 2^(brightness - 1). Contrast is a power curve on either
    side of middle gray, y = m (x / m)^k below it and its mirror image above, with k the slope.

    Args:
        images: sRGB in [0, 1].
        tone: How far each curve is turned.
    """
    if tone.brightness != 1.0:
        images = lift(images, images.new_full((len(images),), 2 ** (tone.brightness - 1)))
    if tone.contrast != 1.0:
        slope = 2 ** ((tone.contrast - 1) / 2)
        below = MIDDLE_GRAY * (images / MIDDLE_GRAY).clamp(0, 1) ** slope
        rest = 1 - MIDDLE_GRAY
        above = 1 - rest * ((1 - images) / rest).clamp(0, 1) ** slope
        images = torch.where(images < MIDDLE_GRAY, below, above)
    return images
