"""How far apart two degradations are as distributions; constants of any value are equal.

Source: Jiang et al., "Degrade is Upgrade", 2022, eq. 7, which leaves the distribution open.
"""

import torch
from torch import Tensor

from lowlight_cli.tensors import Images, Scalar

BINS = 32


def softmax_divergence(wanted: Images, made: Images) -> Scalar:
    """Kullback-Leibler divergence of softmaxes over the pixels of each channel; blind to added constants.

    Args:
        wanted: What ``made`` is compared with.
        made: Same shape.

    Returns:
        Mean over channels and pictures, in nats.
    """
    return _divergence(wanted.flatten(2).log_softmax(2), made.flatten(2).log_softmax(2))


def histogram_divergence(wanted: Images, made: Images) -> Scalar:
    """The same of histograms of values in [-1, 1], each value shared by the two nearest of 32 bins.

    Args:
        wanted: What ``made`` is compared with.
        made: Same shape.
    """
    return _divergence(_histogram(wanted).log(), _histogram(made).log())


def _divergence(wanted: Tensor, made: Tensor) -> Scalar:
    return (wanted.exp() * (wanted - made)).sum(2).mean()


def _histogram(images: Images) -> Tensor:
    """Shares of the bins, (b, c, bins), none of them zero."""
    centers = torch.linspace(-1, 1, BINS, device=images.device)
    values = images.flatten(2).clamp(-1, 1)
    # A bin at a time: all of them at once would take the memory of 32 pictures.
    shares = [(1 - (values - center).abs() * (BINS - 1) / 2).clamp_min(0).mean(2) for center in centers]
    counts = torch.stack(shares, 2) + 1e-6
    return counts / counts.sum(2, keepdim=True)
