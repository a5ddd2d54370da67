"""Tone curves for contrast and brightness, for models without these controls.

Both keep black and white, do not clip, and act on single pixels, so that tiles match.
"""

from dataclasses import dataclass

import torch

from lowlight_cli.layers.exposure import lift
from lowlight_cli.tensors import Images

MIDDLE_GRAY = 0.461
"""sRGB value of 18 % reflectance, which contrast does not change."""


@dataclass(frozen=True, slots=True)
class Tone:
    """Strength of each curve; 1 is neutral.

    Attributes:
        contrast: 0 to 2; the slope at middle gray is ``2^((contrast - 1) / 2)``.
        brightness: 0 to 2; the gain of dark pixels is ``2^(brightness - 1)``.
    """

    contrast: float = 1.0
    brightness: float = 1.0


NEUTRAL_TONE = Tone()


def apply_tone(images: Images, tone: Tone) -> Images:
    """Applies brightness, then contrast; returns the images unchanged if both are neutral.

    Brightness is y = k x / (1 + (k - 1) x) with k = 2^(brightness - 1). Contrast is a power curve on either
    side of middle gray, y = m (x / m)^k below it and its mirror image above, with k the slope.

    Args:
        images: sRGB in [0, 1].
        tone: Strength of each curve.
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
