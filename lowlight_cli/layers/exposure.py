"""Exposure lift: brightens a dark image to ordinary lightness before a network gets it.

The curve y = k x / (1 + (k - 1) x) keeps black and white, and clips nothing. In logits it is an addition,
logit y = logit x + log k, so that gains from several sources add up, and a map of log k can be averaged and
enlarged. ``local_lift`` computes the gain of each part of an image.
"""

import math

from torch import Tensor

from lowlight_cli.tensors import Features, GainMap, Images, PerImage

HIGHEST_GAIN = 64.0
LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue. Source: ITU-R BT.601."""


def mean_luma(images: Images) -> PerImage:
    """Mean BT.601 luma of each image."""
    return luma(images.float().mean((2, 3)))


def luma(colors: Tensor) -> Tensor:
    """BT.601 luma of colors in the second dimension, (b, 3, ...) to (b, ...)."""
    # Plain numbers, because copying a tensor of weights to a GPU would wait for it.
    red, green, blue = colors.unbind(1)
    return LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue


def log_gain_to(target: float, lightness: Tensor) -> Tensor:
    """Logarithm of the gain whose curve takes ``lightness`` to ``target``, between 0 and log 64.

    Args:
        target: Between 0 and 1.
        lightness: In [0, 1], any shape.
    """
    logit = math.log(target / (1 - target))
    return (logit - lightness.clamp(1e-4, 1 - 1e-4).logit()).clamp(0.0, math.log(HIGHEST_GAIN))


def lift_gain(lightness: PerImage, target: float) -> PerImage:
    """Gain whose curve takes ``lightness`` to ``target``, between 1 and 64."""
    return log_gain_to(target, lightness).exp()


def lift(images: Images, gain: PerImage | GainMap) -> Images:
    """Applies the curve; [0, 1] stays [0, 1].

    Args:
        images: sRGB in [0, 1].
        gain: Gain of at least 0: one per image, or a map with one channel.
    """
    k = gain.to(images.dtype)
    k = k if k.ndim == images.ndim else k.view(-1, 1, 1, 1)
    return k * images / (1 + (k - 1) * images)


def lift_lightness(lightness: PerImage, gain: PerImage) -> PerImage:
    """The curve of ``lift`` at the lightness of each image, in [0, 1]."""
    return gain * lightness / (1 + (gain - 1) * lightness)


def gain_plane(log_gain: GainMap, like: Images) -> Features:
    """The gain as an input plane: 0 for no gain, 1 for the highest."""
    return (log_gain / math.log(HIGHEST_GAIN)).to(like.dtype)
