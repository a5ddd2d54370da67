"""Feature similarity: likeness of phase congruency and gradients, weighted by what the eye looks at.

Source: Zhang, Zhang, Mou and Zhang, "FSIM: a feature similarity index for image quality assessment", 2011.
"""

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from lowlight_cli.evaluation.phase_congruency import phase_congruency
from lowlight_cli.evaluation.planes import LUMA, seen_pair, weighted
from lowlight_cli.evaluation.protocols import EIGHT_BIT_RGB, View
from lowlight_cli.tensors import Features, Images, PerImage

SIDE = 256
"""Pictures are averaged down until their shorter side is about this long."""

IN_PHASE = (0.596, -0.274, -0.322)
QUADRATURE = (0.211, -0.523, 0.312)
"""Weights of R, G and B in the colours of YIQ."""

T_CONGRUENCY = 0.85
T_GRADIENT = 160.0
T_COLOUR = 200.0
COLOUR_POWER = 0.03
SCHARR = ((3.0, 0.0, -3.0), (10.0, 0.0, -10.0), (3.0, 0.0, -3.0))


def feature_similarity(
    images: Images, references: Images, view: View = EIGHT_BIT_RGB, *, chromatic: bool = False
) -> PerImage:
    """FSIM of the luma, or FSIMc; 1 for equal pictures.

    Args:
        images: sRGB in [0, 1].
        references: What they should be, of the same shape.
        view: Whether pixels are rounded first; in RGB.
        chromatic: Whether colour is compared as well (FSIMc).

    Raises:
        UsageError: The shapes differ.
    """
    first, second = (reduced(batch * 255) for batch in seen_pair(images, references, view))
    luma_1, luma_2 = weighted(first, LUMA), weighted(second, LUMA)
    congruency_1, congruency_2 = phase_congruency(torch.cat([luma_1, luma_2])).chunk(2)
    likeness = _alike(congruency_1, congruency_2, T_CONGRUENCY)
    likeness = likeness * _alike(_gradient(luma_1), _gradient(luma_2), T_GRADIENT)
    if chromatic:
        likeness = likeness * _alike_in_colour(first, second)
    weight = torch.maximum(congruency_1, congruency_2)
    total = weight.sum((1, 2, 3))
    # Pictures without any feature, all black for example, are alike in all of them.
    return torch.where(total > 0, (likeness * weight).sum((1, 2, 3)) / total, likeness.mean((1, 2, 3)))


def reduced(planes: Features) -> Features:
    """Averages over squares, of which every n-th is kept, so that the shorter side is about 256."""
    factor = max(1, int(min(planes.shape[2:]) / SIDE + 0.5))
    if factor == 1:
        return planes
    before = (factor - 1) // 2
    padded = pad(planes, (before, factor - 1 - before) * 2)
    channels = planes.shape[1]
    weights = planes.new_full((channels, 1, factor, factor), 1 / factor**2)
    return conv2d(padded, weights, groups=channels)[:, :, ::factor, ::factor]


def _gradient(planes: Features) -> Features:
    kernel = planes.new_tensor(SCHARR)[None, None] / 16
    padded = pad(planes, (1, 1, 1, 1))
    return (conv2d(padded, kernel).square() + conv2d(padded, kernel.mT).square()).sqrt()


def _alike(first: Tensor, second: Tensor, constant: float) -> Tensor:
    return (2 * first * second + constant) / (first.square() + second.square() + constant)


def _alike_in_colour(first: Features, second: Features) -> Features:
    product = torch.ones_like(first[:, :1])
    for weights in (IN_PHASE, QUADRATURE):
        product = product * _alike(weighted(first, weights), weighted(second, weights), T_COLOUR)
    # The real part of a power of a product that may be negative.
    return torch.complex(product, torch.zeros_like(product)).pow(COLOUR_POWER).real
