"""Effect of controls and of a reference on pixels.

Networks learn their controls from targets made this way. Where an image needed no light and is kept, the
same formulas are applied to its pixels.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from lowlight_cli.layers.exposure import lift
from lowlight_cli.models.controls import Controls
from lowlight_cli.tensors import Images, PerImage

BLUR_RADIUS = 2
TEXTURE_GAIN = 0.7
REFERENCE_SHARE = 0.6


class ControlWeights(NamedTuple):
    """Strength of each part as tensors that broadcast over a batch: (b or 1, 1, 1, 1)."""

    contrast: Tensor
    brightness: Tensor
    texture: Tensor


def control_weights(controls: Controls, like: Tensor) -> ControlWeights:
    """The same controls for all images of a batch."""
    values = (controls.contrast, controls.brightness, controls.texture)
    return ControlWeights(
        *(torch.full((1, 1, 1, 1), v, device=like.device, dtype=like.dtype) for v in values)
    )


def texture_alone(texture: float | Tensor, like: Images) -> ControlWeights:
    """Weights of a model whose only control is texture, a number or (b, 1, 1, 1)."""
    one = like.new_ones(1, 1, 1, 1)
    return ControlWeights(one, one, one * texture)


def smooth(images: Images) -> Images:
    """Mean over 5x5 pixels, same size."""
    padded = pad(images, (BLUR_RADIUS,) * 4, mode="replicate")
    return avg_pool2d(padded, 2 * BLUR_RADIUS + 1, stride=1)


def controlled(images: Images, weights: ControlWeights, middle: PerImage) -> Images:
    """Images with the controls applied; unchanged if all are 1.

    Args:
        images: Well-lit images, sRGB in [0, 1].
        weights: 0 to 2 each: brightness gain from 1/2 to 2, contrast from 1/sqrt(2) to sqrt(2), detail by up
            to 70 % less or more.
        middle: Mean luma of the whole images, which contrast does not change.
    """
    return toned(textured(images, weights.texture), weights, middle)


def textured(images: Images, texture: Tensor) -> Images:
    """Images with more or less detail, not clamped; see ``controlled``."""
    return images + TEXTURE_GAIN * (texture - 1) * (images - smooth(images))


def toned(detailed: Images, weights: ControlWeights, middle: PerImage) -> Images:
    """Images with other contrast and brightness, in [0, 1]; see ``controlled``."""
    center = middle.view(-1, 1, 1, 1)
    spread = center + (detailed - center) * 2 ** (0.5 * (weights.contrast - 1))
    return lift(spread.clamp(0, 1), (2 ** (weights.brightness - 1)).flatten())


class Recoloring(NamedTuple):
    """Factor and offset of each channel, (b, 3, 1, 1)."""

    scale: Tensor
    shift: Tensor

    def __call__(self, images: Images) -> Images:
        """Images, or parts of them, with their colors changed, sRGB in [0, 1]."""
        return (images * self.scale + self.shift).clamp(0, 1)


def towards_reference(images: Images, reference: Images) -> Recoloring:
    """Moves channel means and deviations of whole images 60 % of the way to those of a reference.

    Source: Reinhard et al., "Color Transfer between Images", 2001, eq. 10, per RGB channel.
    """
    mean, deviation = _moments(images)
    wanted_mean, wanted_deviation = _moments(reference)
    scale = (wanted_deviation / deviation).clamp(0.5, 2)
    shift = wanted_mean - mean * scale
    return Recoloring(1 + REFERENCE_SHARE * (scale - 1), REFERENCE_SHARE * shift)


def like_reference(images: Images, reference: Images) -> Images:
    """Whole images with the colors of a reference, as ``towards_reference`` moves them."""
    return towards_reference(images, reference)(images)


def _moments(images: Images) -> tuple[Tensor, Tensor]:
    return images.mean((2, 3), keepdim=True), images.std((2, 3), correction=0, keepdim=True).clamp_min(0.02)
