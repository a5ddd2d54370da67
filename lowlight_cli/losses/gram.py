"""Texture as correlations between channels.

Source: Gatys et al., "Image Style Transfer Using Convolutional Neural Networks", 2016.
"""

from torch.nn.functional import mse_loss

from lowlight_cli.tensors import Features, Scalar


def gram(features: Features, targets: Features) -> Scalar:
    """Mean squared difference of the channel correlations, each divided by the number of positions."""
    count = features.shape[2] * features.shape[3]
    a, b = features.flatten(2), targets.flatten(2)
    return mse_loss(a @ a.mT / count, b @ b.mT / count)
