"""How close pictures are to their references: PSNR, SSIM and mean absolute error.

All are computed in RGB on values rounded to 8 bits, without borders cut off, in float64.

Source: SSIM is eq. 13 of Wang et al., "Image quality assessment: from error visibility to structural
similarity", 2004.
"""

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from lowlight_cli.errors import UsageError
from lowlight_cli.tensors import Images, PerImage

WINDOW = 11
SIGMA = 1.5
K1, K2 = 0.01, 0.03


def psnr(images: Images, references: Images) -> PerImage:
    """Peak signal-to-noise ratio in dB, from one mean squared error of all channels; infinite for equals.

    Args:
        images: SRGB in [0, 1]; values outside are clipped, as in a file.
        references: What they should be, of the same shape.

    Raises:
        UsageError: The shapes differ.
    """
    first, second = rounded_pair(images, references)
    return -10 * (first - second).square().mean((1, 2, 3)).log10()


def mean_absolute_error(images: Images, references: Images) -> PerImage:
    """Mean absolute difference over all channels, in [0, 1].

    Raises:
        UsageError: The shapes differ.
    """
    first, second = rounded_pair(images, references)
    return (first - second).abs().mean((1, 2, 3))


def psnr_of_equal_means(images: Images, references: Images) -> PerImage:
    """PSNR in dB after each picture is scaled to the mean grey of its reference ("GT-mean").

    It judges structure and colour and forgives a wrong brightness, so it is no score of a whole result.

    Raises:
        UsageError: The shapes differ.
    """
    first, second = rounded_pair(images, references)
    scales = grey(second).mean((1, 2)) / grey(first).mean((1, 2)).clamp(min=1e-6)
    return psnr(first * scales[:, None, None, None], second)


def ssim(images: Images, references: Images) -> PerImage:
    """Structural similarity: mean over the three channels and over all places where the whole window fits.

    Args:
        images: SRGB in [0, 1], at least 11 pixels on each side.
        references: What they should be, of the same shape.

    Raises:
        UsageError: The shapes differ, or a side is below 11 pixels.
    """
    first, second = rounded_pair(images, references)
    if min(first.shape[2:]) < WINDOW:
        raise UsageError(f"SSIM needs pictures of at least {WINDOW}x{WINDOW} pixels")
    mean_1, mean_2 = blur(first), blur(second)
    variance_1 = blur(first * first) - mean_1 * mean_1
    variance_2 = blur(second * second) - mean_2 * mean_2
    covariance = blur(first * second) - mean_1 * mean_2
    lightness = (2 * mean_1 * mean_2 + K1**2) / (mean_1**2 + mean_2**2 + K1**2)
    structure = (2 * covariance + K2**2) / (variance_1 + variance_2 + K2**2)
    return (lightness * structure).mean((1, 2, 3))


def rounded_pair(images: Images, references: Images) -> tuple[Images, Images]:
    """Both batches in float64, in [0, 1], as 8-bit files would hold them.

    Raises:
        UsageError: The shapes differ.
    """
    if images.shape != references.shape:
        raise UsageError(
            f"pictures of shape {tuple(images.shape)} and {tuple(references.shape)} cannot be compared"
        )
    first, second = (
        batch.float().clamp(0, 1).mul(255).round().double() / 255 for batch in (images, references)
    )
    return first, second


def blur(images: Images) -> Images:
    """Gaussian mean of each channel; the result is smaller by the window."""
    places = torch.arange(WINDOW, dtype=images.dtype, device=images.device) - WINDOW // 2
    weights = torch.exp(-places.square() / (2 * SIGMA**2))
    weights = (weights / weights.sum()).expand(3, 1, 1, WINDOW)
    return conv2d(conv2d(images, weights, groups=3), weights.transpose(2, 3), groups=3)


def grey(images: Images) -> Tensor:
    """Luma of each pixel, (b, h, w). Source: ITU-R BT.601."""
    weights = torch.tensor([0.299, 0.587, 0.114], dtype=images.dtype, device=images.device)
    return torch.einsum("bchw,c->bhw", images, weights)
