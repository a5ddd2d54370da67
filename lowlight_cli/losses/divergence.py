"""Divergences between degradations as distributions; all constant degradations are equal.

A file of its own, because this loss belongs to one paper.

Source: Jiang et al., "Degrade is Upgrade", 2022, eq. 7, which leaves the distribution open.
A file of its own: losses are grouped by the paper that they are from.
"""

import torch
from torch import Tensor

from lowlight_cli.tensors import Images, Scalar

BINS = 32


def softmax_divergence(real: Images, made: Images) -> Scalar:
    """Kullback-Leibler divergence of softmaxes over the pixels of each channel; ignores added constants.

    Args:
        real: Degradations to compare with.
        made: Degradations of the same shape.

    Returns:
        Mean over channels and images, in nats.
    """
    return _divergence(real.flatten(2).log_softmax(2), made.flatten(2).log_softmax(2))


def histogram_divergence(real: Images, made: Images) -> Scalar:
    """Kullback-Leibler divergence of histograms over [-1, 1], 32 bins; values count in the two nearest ones.

    Args:
        real: Degradations to compare with.
        made: Degradations of the same shape.
    """
    return _divergence(_histogram(real).log(), _histogram(made).log())


def _divergence(real: Tensor, made: Tensor) -> Scalar:
    return (real.exp() * (real - made)).sum(2).mean()


def _histogram(images: Images) -> Tensor:
    """Shares of the bins, (b, c, bins), all above zero."""
    centers = torch.linspace(-1, 1, BINS, device=images.device)
    values = images.flatten(2).clamp(-1, 1)
    # One bin at a time, to save memory.
    shares = [(1 - (values - center).abs() * (BINS - 1) / 2).clamp_min(0).mean(2) for center in centers]
    counts = torch.stack(shares, 2) + 1e-6
    return counts / counts.sum(2, keepdim=True)
