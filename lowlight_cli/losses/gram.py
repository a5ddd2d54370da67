"""Texture loss by correlations between channels.

Source: Gatys et al., "Image Style Transfer Using Convolutional Neural Networks", 2016.
"""

from lowlight_cli.losses.exact_product import exact_product
from lowlight_cli.tensors import Features, Scalar


def gram(features: Features, targets: Features) -> Scalar:
    """Mean squared difference of the channel correlations, each divided by the number of positions."""
    count = features.shape[2] * features.shape[3]
    a, b = features.flatten(2), targets.flatten(2)
    difference = (exact_product(a, a.mT) - exact_product(b, b.mT)) / count
    return difference.float().square().mean()
