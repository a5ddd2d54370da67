"""What a metric sees of a picture: color space, rounding, aligned brightness; all in float64."""

from collections.abc import Sequence

from lowlight_cli.errors import UsageError
from lowlight_cli.evaluation.protocols import GrayMean, Space, View
from lowlight_cli.tensors import Features, Images

LUMA = (0.299, 0.587, 0.114)
"""Weights of R, G and B. Source: ITU-R BT.601."""

STUDIO = (65.481, 128.553, 24.966)
STUDIO_BLACK = 16
"""Studio luma on the scale of 255. Source: ITU-R BT.601, as in MATLAB's rgb2ycbcr."""


def seen_pair(images: Images, references: Images, view: View) -> tuple[Features, Features]:
    """Both batches as a metric sees them: (b, 3 or 1, h, w), in [0, 1].

    Raises:
        UsageError: The shapes differ.
    """
    if images.shape != references.shape:
        raise UsageError(
            f"pictures of shape {tuple(images.shape)} and {tuple(references.shape)} cannot be compared"
        )
    return seen(images, view), seen(references, view)


def seen(images: Images, view: View) -> Features:
    """A batch as a metric sees it: (b, 3 or 1, h, w), in [0, 1]; values outside are clipped, as in a file."""
    # Rounded in float32, as files are written: in float64 another half of the ties would go up.
    pixels = in_8_bits(images.float().clamp(0, 1)) if view.rounds_pixels else images.double().clamp(0, 1)
    if view.space is Space.RGB:
        return pixels
    if view.space is Space.LUMA:
        plane = weighted(pixels, LUMA)
    else:
        plane = (weighted(pixels, STUDIO) + STUDIO_BLACK) / 255
    return in_8_bits(plane) if view.rounds_plane else plane


def in_8_bits(values: Features) -> Features:
    """Values in [0, 1] as an 8-bit file would hold them, in float64."""
    return values.mul(255).round().double() / 255


def weighted(images: Images, weights: Sequence[float]) -> Features:
    """Weighted sum of R, G and B: (b, 1, h, w)."""
    red, green, blue = images.split(1, 1)
    # Summed in this order for any batch: a luma midway between two levels must always be rounded one way.
    return red * weights[0] + green * weights[1] + blue * weights[2]


def align_gray_mean(images: Images, references: Images, form: GrayMean) -> Images:
    """Each picture multiplied so that its mean gray is that of its reference, then clipped ("GT-mean").

    It judges structure and color and forgives a wrong brightness, so it is no score of a whole result. A
    black picture stays black.
    """
    view = View(Space.RGB, rounds_pixels=form.rounds_pixels)
    first, second = seen_pair(images, references, view)
    means = [weighted(batch, form.weights).mean((1, 2, 3), keepdim=True) for batch in (second, first)]
    return (first * (means[0] / means[1].clamp(min=1e-6))).clamp(0, 1)
