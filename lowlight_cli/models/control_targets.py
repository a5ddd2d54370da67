"""What controls and a reference ask for, said in pixels.

Networks learn it from targets made this way, so that each control does what its name says. Where a picture
needed no light and is kept as it was, it is applied to the pixels themselves.
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
    """The same controls for all pictures of a batch."""
    values = (controls.contrast, controls.brightness, controls.texture)
    return ControlWeights(
        *(torch.full((1, 1, 1, 1), v, device=like.device, dtype=like.dtype) for v in values)
    )


def texture_alone(texture: float | Tensor, like: Images) -> ControlWeights:
    """Weights of a model that has no other control than texture, a number or (b, 1, 1, 1)."""
    one = like.new_ones(1, 1, 1, 1)
    return ControlWeights(one, one, one * texture)


def smooth(images: Images) -> Images:
    """Mean over 5x5 pixels, same size."""
    padded = pad(images, (BLUR_RADIUS,) * 4, mode="replicate")
    return avg_pool2d(padded, 2 * BLUR_RADIUS + 1, stride=1)


def controlled(images: Images, weights: ControlWeights, middle: PerImage) -> Images:
    """Pictures as the controls ask for them; unchanged where all are 1.

    Args:
        images: Well-lit pictures, sRGB in [0, 1].
        weights: 0 to 2 each; halves to doubles brightness gain, contrast by the root of it, details by 70 %.
        middle: Mean luma of the whole pictures, which contrast leaves where it is.
    """
    return toned(textured(images, weights.texture), weights, middle)


def textured(images: Images, texture: Tensor) -> Images:
    """Pictures with more or less detail, as the control asks for; not clamped."""
    return images + TEXTURE_GAIN * (texture - 1) * (images - smooth(images))


def toned(detailed: Images, weights: ControlWeights, middle: PerImage) -> Images:
    """Pictures with the contrast and brightness that the controls ask for; see ``controlled``."""
    center = middle.view(-1, 1, 1, 1)
    spread = center + (detailed - center) * 2 ** (0.5 * (weights.contrast - 1))
    return lift(spread.clamp(0, 1), (2 ** (weights.brightness - 1)).flatten())


class Recoloring(NamedTuple):
    """What to multiply and what to add to each channel, (b, 3, 1, 1)."""

    scale: Tensor
    shift: Tensor

    def __call__(self, images: Images) -> Images:
        """Pictures, or parts of them, with other colors, sRGB in [0, 1]."""
        return (images * self.scale + self.shift).clamp(0, 1)


def towards_reference(images: Images, reference: Images) -> Recoloring:
    """Moves the channel means and deviations of whole pictures towards a reference's.

    Source: Reinhard et al., "Color Transfer between Images", 2001, eq. 10, per RGB channel, by 60 %.
    """
    mean, deviation = _moments(images)
    wanted_mean, wanted_deviation = _moments(reference)
    scale = (wanted_deviation / deviation).clamp(0.5, 2)
    shift = wanted_mean - mean * scale
    return Recoloring(1 + REFERENCE_SHARE * (scale - 1), REFERENCE_SHARE * shift)


def like_reference(images: Images, reference: Images) -> Images:
    """Whole pictures with the colors that a reference asks for."""
    return towards_reference(images, reference)(images)


def _moments(images: Images) -> tuple[Tensor, Tensor]:
    return images.mean((2, 3), keepdim=True), images.std((2, 3), correction=0, keepdim=True).clamp_min(0.02)
