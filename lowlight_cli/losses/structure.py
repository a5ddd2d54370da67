"""Structural similarity as a loss.

Source: Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004, eq. 13.
"""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from lowlight_cli.tensors import Images, Scalar

WINDOW = 11
SIGMA = 1.5
STABILIZERS = (0.01**2, 0.03**2)
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
LEAST = 1e-6


def _blurring(size: int, like: Tensor) -> Tensor:
    """Matrix (size - 10, size) that blurs a line of pixels; faster than a 1D convolution."""
    offsets = (
        torch.arange(size, device=like.device) - torch.arange(size - WINDOW + 1, device=like.device)[:, None]
    )
    weights = torch.exp(-((offsets - WINDOW // 2) ** 2) / (2 * SIGMA**2)).to(like.dtype)
    weights = weights * ((offsets >= 0) & (offsets < WINDOW))
    return weights / weights.sum(1, keepdim=True)


def similarity(images: Images, targets: Images) -> Scalar:
    """Mean SSIM over channels, valid region only; 1 for equal images, sides at least 11.

    Args:
        images: Values in [0, 1].
        targets: Values in [0, 1].
    """
    return _likeness(images, targets)[0]


def _likeness(images: Images, targets: Images) -> tuple[Scalar, Scalar]:
    """Mean SSIM, and its mean without the luminance term."""
    height, width = images.shape[2:]
    # A variance is a small difference of two large means, and the loss divides by it. Only float64 is
    # unaffected by TF32 and autocast: with 10-bit operands the structure term reached 8,766 instead of 1.
    a, b = images.double().contiguous(), targets.double().contiguous()
    down, across = _blurring(height, a), _blurring(width, a).T
    mean_a, squares, product = down @ torch.stack([a, a * a + b * b, a * b]) @ across
    mean_b = down @ b @ across  # separate, because targets rarely need a gradient
    lightness = mean_a**2 + mean_b**2
    variances, joint = (squares - lightness).clamp_min(0).float(), (product - mean_a * mean_b).float()
    c1, c2 = STABILIZERS
    luminance = ((2 * mean_a * mean_b + c1) / (lightness + c1)).float()
    structure = (2 * joint + c2) / (variances + c2)
    return (luminance * structure).mean(), structure.mean()


def dissimilarity(images: Images, targets: Images) -> Scalar:
    """1 - SSIM; zero for equal images."""
    return 1 - similarity(images, targets)


def multi_scale_similarity(images: Images, targets: Images) -> Scalar:
    """MS-SSIM at five sizes, each half of the one before; 1 for equal images, sides at least 176.

    Source: Wang et al., "Multi-scale structural similarity for image quality assessment", 2003, eq. 7.

    Args:
        images: Values in [0, 1].
        targets: Values in [0, 1].
    """
    total = images.new_ones((), dtype=torch.float32)
    for weight in SCALE_WEIGHTS[:-1]:
        # Powers of negative numbers are undefined.
        total = total * _likeness(images, targets)[1].clamp_min(LEAST) ** weight
        images, targets = avg_pool2d(images, 2), avg_pool2d(targets, 2)
    return total * similarity(images, targets).clamp_min(LEAST) ** SCALE_WEIGHTS[-1]


def multi_scale_dissimilarity(images: Images, targets: Images) -> Scalar:
    """1 - MS-SSIM; zero for equal images."""
    return 1 - multi_scale_similarity(images, targets)
