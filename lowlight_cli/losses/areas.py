"""Losses that compare areas of 32x32 pixels: their mean colors, and how steep their edges are.

Differences of pixels and of gradients are smallest, on average over what a blurred edge can have been, for a
soft edge. How many steep gradients an area has is known better than their places. Gradient distributions as a
prior of sharp images: Fergus et al., "Removing Camera Shake from a Single Photograph", 2006, sec. 2.

A file of its own, because these losses do not compare pixel with pixel.
"""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, l1_loss

from lowlight_cli.tensors import Images, Scalar

AREA = 32
"""Side of an area in pixels."""


def area_means(images: Images, targets: Images) -> Scalar:
    """Mean absolute difference of the mean colors of areas; sides at least 32.

    A wrong brightness or tint of a whole image is small beside the errors of its pixels, and these can hide
    it from a loss of pixels.
    """
    return l1_loss(avg_pool2d(images, AREA), avg_pool2d(targets, AREA))


def gradient_histogram(images: Images, targets: Images) -> Scalar:
    """Mean distance between the distributions of gradients of areas of 32x32 pixels; 0 for equal images.

    The distance is that of the histograms (Wasserstein-2, squared): the mean squared difference of gradients
    in rising order. The square makes the few steep edges count more than the many flat places.

    Args:
        images: Sides at least 32; what is left over at the right and bottom does not count.
        targets: Images of the same shape.
    """
    return (_sorted_gradients(images) - _sorted_gradients(targets)).square().mean()


def _sorted_gradients(images: Images) -> Tensor:
    """Absolute gradients of the mean color in rising order, both directions apart, (b, 2, areas, 31 * 32)."""
    planes = images.float().mean(1)
    height, width = (side // AREA * AREA for side in planes.shape[1:])
    areas = planes[:, :height, :width].unfold(1, AREA, AREA).unfold(2, AREA, AREA).flatten(1, 2)
    down, across = areas.diff(dim=2).flatten(2), areas.diff(dim=3).flatten(2)
    return torch.stack([down, across], dim=1).abs().sort(dim=3).values
