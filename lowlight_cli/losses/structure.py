"""Structural similarity as a loss.

Source: Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004, eq. 13.
"""

import torch
from torch import Tensor

from lowlight_cli.tensors import Images, Scalar

WINDOW = 11
SIGMA = 1.5
STABILIZERS = (0.01**2, 0.03**2)


def _blurring(size: int, like: Tensor) -> Tensor:
    """Matrix (size - 10, size) that blurs a line of pixels; faster than a thin convolution."""
    offsets = (
        torch.arange(size, device=like.device) - torch.arange(size - WINDOW + 1, device=like.device)[:, None]
    )
    weights = torch.exp(-((offsets - WINDOW // 2) ** 2) / (2 * SIGMA**2)).to(like.dtype)
    weights = weights * ((offsets >= 0) & (offsets < WINDOW))
    return weights / weights.sum(1, keepdim=True)


def similarity(images: Images, targets: Images) -> Scalar:
    """Mean SSIM over channels, valid region only; 1 for equal pictures, sides at least 11.

    Args:
        images: Values in [0, 1].
        targets: Values in [0, 1].
    """
    height, width = images.shape[2:]
    a, b = images.float().contiguous(), targets.float().contiguous()
    down, across = _blurring(height, a), _blurring(width, a).T
    planes = torch.stack([a, b, a * a, b * b, a * b])
    mean_a, mean_b, square_a, square_b, product = down @ planes @ across
    spread_a, spread_b = square_a - mean_a**2, square_b - mean_b**2
    joint = product - mean_a * mean_b
    c1, c2 = STABILIZERS
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    structure = (2 * joint + c2) / (spread_a + spread_b + c2)
    return (luminance * structure).mean()


def dissimilarity(images: Images, targets: Images) -> Scalar:
    """1 - SSIM; zero for equal pictures."""
    return 1 - similarity(images, targets)
