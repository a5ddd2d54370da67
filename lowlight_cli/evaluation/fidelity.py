"""How close pictures are to their references, pixel by pixel: PSNR and mean absolute error.

All are computed in float64; without a ``View`` in RGB, on values rounded to 8 bits. No border is cut off.
"""

from lowlight_cli.evaluation.planes import align_grey_mean, seen_pair
from lowlight_cli.evaluation.protocols import EIGHT_BIT_RGB, GreyMean, View
from lowlight_cli.tensors import Images, PerImage


def psnr(
    images: Images, references: Images, view: View = EIGHT_BIT_RGB, *, error_floor: float = 0.0
) -> PerImage:
    """Peak signal-to-noise ratio in dB, from one mean squared error of all channels; infinite for equals.

    Args:
        images: SRGB in [0, 1]; values outside are clipped, as in a file.
        references: What they should be, of the same shape.
        view: What is compared.
        error_floor: Added to the mean squared error.

    Raises:
        UsageError: The shapes differ.
    """
    first, second = seen_pair(images, references, view)
    return -10 * ((first - second).square().mean((1, 2, 3)) + error_floor).log10()


def mean_absolute_error(images: Images, references: Images, view: View = EIGHT_BIT_RGB) -> PerImage:
    """Mean absolute difference over all channels, in [0, 1].

    Raises:
        UsageError: The shapes differ.
    """
    first, second = seen_pair(images, references, view)
    return (first - second).abs().mean((1, 2, 3))


def psnr_of_equal_means(images: Images, references: Images) -> PerImage:
    """PSNR in dB after each picture is scaled to the mean grey of its reference ("GT-mean").

    Raises:
        UsageError: The shapes differ.
    """
    return psnr(align_grey_mean(images, references, GreyMean()), references)
