"""Computes PSNR, mean absolute error, SSIM and MS-SSIM of images against their references.

All are computed in float64, on RGB rounded to 8 bits unless a ``View`` says otherwise. No border is cut off.
"""

import math
from typing import NamedTuple

import torch
from torch.nn.functional import avg_pool2d, pad

from lowlight_cli.errors import UsageError
from lowlight_cli.evaluation.color_space import view_pair
from lowlight_cli.evaluation.protocols import EIGHT_BIT_RGB, Space, View
from lowlight_cli.tensors import Features, Images, PerImage


def psnr(
    images: Images, references: Images, view: View = EIGHT_BIT_RGB, *, error_floor: float = 0.0
) -> PerImage:
    """Peak signal-to-noise ratio in dB, from one mean squared error over all channels; infinite if equal.

    Args:
        images: sRGB in [0, 1]; values outside are clipped, as in a file.
        references: Of the same shape.
        view: Color space and rounding of what is compared.
        error_floor: Added to the mean squared error.

    Raises:
        UsageError: The shapes differ.
    """
    first, second = view_pair(images, references, view)
    return -10 * ((first - second).square().mean((1, 2, 3)) + error_floor).log10()


def mean_absolute_error(images: Images, references: Images, view: View = EIGHT_BIT_RGB) -> PerImage:
    """Mean absolute difference over all channels, in [0, 1].

    Raises:
        UsageError: The shapes differ.
    """
    first, second = view_pair(images, references, view)
    return (first - second).abs().mean((1, 2, 3))


WINDOW = 11
SIGMA = 1.5
K1, K2 = 0.01, 0.03
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
MS_SSIM_SMALLEST = WINDOW * 2 ** (len(SCALE_WEIGHTS) - 1)


class SsimMaps(NamedTuple):
    """The two factors of SSIM at each position where the whole window fits."""

    lightness: Features
    structure: Features


def ssim(
    images: Images, references: Images, view: View = EIGHT_BIT_RGB, *, clips_structure: bool = False
) -> PerImage:
    """Structural similarity: the mean over channels and over all positions where the whole window fits.

    Source: Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to structural
    similarity", 2004.

    Args:
        images: sRGB in [0, 1], at least 11 pixels on each side.
        references: Of the same shape.
        view: Color space and rounding of what is compared.
        clips_structure: Whether negative structure counts as zero.

    Raises:
        UsageError: The shapes differ, or a side is below 11 pixels.
    """
    first, second = view_pair(images, references, view)
    if min(first.shape[2:]) < WINDOW:
        raise UsageError(f"SSIM needs images of at least {WINDOW}x{WINDOW} pixels")
    lightness, structure = ssim_maps(first, second)
    if clips_structure:
        structure = structure.clamp(min=0)
    return (lightness * structure).mean((1, 2, 3))


def multi_scale_ssim(images: Images, references: Images, *, rounds_pixels: bool = True) -> PerImage:
    """SSIM of the 8-bit luma over five scales: structure at each, lightness at the coarsest only.

    Negative mean structure counts as zero, because its power would not be a number.

    Source: Wang, Simoncelli and Bovik, "Multiscale structural similarity for image quality assessment", 2003.

    Raises:
        UsageError: The shapes differ, or a side is below 176 pixels.
    """
    view = View(Space.LUMA, rounds_pixels=rounds_pixels, rounds_plane=True)
    first, second = view_pair(images, references, view)
    if min(first.shape[2:]) < MS_SSIM_SMALLEST:
        raise UsageError(f"MS-SSIM needs images of at least {MS_SSIM_SMALLEST}x{MS_SSIM_SMALLEST} pixels")
    product = first.new_ones(len(first))
    for weight in SCALE_WEIGHTS[:-1]:
        product = product * ssim_maps(first, second).structure.mean((1, 2, 3)).clamp(min=0) ** weight
        first, second = halved(first), halved(second)
    lightness, structure = ssim_maps(first, second)
    return product * (lightness * structure).mean((1, 2, 3)).clamp(min=0) ** SCALE_WEIGHTS[-1]


def ssim_maps(first: Features, second: Features) -> SsimMaps:
    """Factors of SSIM of two batches of planes in [0, 1]; each side is ``WINDOW - 1`` shorter."""
    channels = first.shape[1]
    planes = torch.cat([first, second, first * first, second * second, first * second], 1)
    mean_1, mean_2, square_1, square_2, product = blur(planes).split(channels, 1)
    covariance = product - mean_1 * mean_2
    variances = square_1 + square_2 - mean_1**2 - mean_2**2
    lightness = (2 * mean_1 * mean_2 + K1**2) / (mean_1**2 + mean_2**2 + K1**2)
    return SsimMaps(lightness, (2 * covariance + K2**2) / (variances + K2**2))


def blur(planes: Features) -> Features:
    """Gaussian mean of each plane; each side is ``WINDOW - 1`` shorter."""
    weights = [math.exp(-((place - WINDOW // 2) ** 2) / (2 * SIGMA**2)) for place in range(WINDOW)]
    # Sums of shifted planes are twice as fast on a CPU as a convolution in float64.
    for axis in (2, 3):
        size = planes.shape[axis] - WINDOW + 1
        total = torch.zeros_like(planes.narrow(axis, 0, size))
        for place, weight in enumerate(weights):
            total.add_(planes.narrow(axis, place, size), alpha=weight / sum(weights))
        planes = total
    return planes


def halved(planes: Features) -> Features:
    """Means of 2x2 pixels; an odd last row or column is repeated."""
    height, width = planes.shape[2:]
    return avg_pool2d(pad(planes, (0, width % 2, 0, height % 2), mode="replicate"), 2)
