"""Label-free losses that keep features from being constant or redundant.

Source: Bardes et al., "VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning",
ICLR 2022, eq. 1, 3 and 4. Its invariance term is a distance between two views of an image. A file of its own,
because it is one published method.
"""

import torch
from torch import Tensor
from torch.nn.functional import relu

from lowlight_cli.losses.exact_product import exact_product
from lowlight_cli.tensors import Features, Scalar

LEAST_VARIANCE = 1e-4
"""Added to variances, so that the root has a finite gradient."""


def variance_loss(features: Features, deviation: float = 1.0) -> Scalar:
    """How much the standard deviations of channels over all positions of a batch lack, on average.

    Args:
        features: At least two positions over all images.
        deviation: Standard deviation from which a channel costs nothing.
    """
    deviations = torch.sqrt(_by_position(features).var(0) + LEAST_VARIANCE)
    return relu(deviation - deviations).mean()


def covariance_loss(features: Features) -> Scalar:
    """Sum of the squared covariances of different channels, divided by the number of channels.

    Args:
        features: At least two positions over all images.
    """
    centered = _by_position(features)
    centered = centered - centered.mean(0)
    covariances = exact_product(centered.mT, centered) / (len(centered) - 1)
    different = covariances - torch.diag(torch.diag(covariances))
    return (different.square().sum() / features.shape[1]).float()


def _by_position(features: Features) -> Tensor:
    return features.movedim(1, -1).flatten(0, -2).float()
