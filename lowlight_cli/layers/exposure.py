"""Exposure lift: brings a dark picture to ordinary brightness before a network sees it.

The curve y = k x / (1 + (k - 1) x) keeps black and white where they are and clips nothing. Its gain k
depends on the mean luma of the whole picture alone, so that tiles of one picture are treated alike.
"""

import math

from torch import Tensor

from lowlight_cli.tensors import Features, Images, PerImage

HIGHEST_GAIN = 64.0
LUMA = (0.299, 0.587, 0.114)


def mean_luma(images: Images) -> PerImage:
    """Mean BT.601 luma of each picture."""
    return luma(images.float().mean((2, 3)))


def luma(colors: Tensor) -> Tensor:
    """BT.601 luma of red, green and blue, which are the second dimension, (b, 3, ...) to (b, ...)."""
    # Plain numbers: copying a tensor of weights to a GPU would make the program wait for it.
    red, green, blue = colors.unbind(1)
    return LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue


def lift_gain(lightness: PerImage, target: float) -> PerImage:
    """Gain whose curve takes ``lightness`` to ``target``, between 1 and 64."""
    lightness = lightness.clamp(1e-4, 1 - 1e-4)
    gain = target * (1 - lightness) / (lightness * (1 - target))
    return gain.clamp(1.0, HIGHEST_GAIN)


def lift(images: Images, gain: PerImage) -> Images:
    """Applies the curve; [0, 1] stays [0, 1]."""
    k = gain.to(images.dtype).view(-1, 1, 1, 1)
    return k * images / (1 + (k - 1) * images)


def gain_plane(gain: PerImage, like: Images) -> Features:
    """The gain as a constant plane beside the colours, logarithmic: 0 for none, 1 for the highest."""
    level: Tensor = gain.log() / math.log(HIGHEST_GAIN)
    return level.to(like.dtype).view(-1, 1, 1, 1).expand(like.shape[0], 1, *like.shape[2:])
