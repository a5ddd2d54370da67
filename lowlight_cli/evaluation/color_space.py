"""Converts images to what a metric compares: color space, rounding and aligned brightness, in float64."""

from collections.abc import Sequence

from lowlight_cli.errors import UsageError
from lowlight_cli.evaluation.protocols import GrayMean, Space, View
from lowlight_cli.layers.exposure import LUMA
from lowlight_cli.tensors import Features, Images

STUDIO = (65.481, 128.553, 24.966)
STUDIO_BLACK = 16
"""Studio luma, scaled to 255. Source: ITU-R BT.601, as in MATLAB's rgb2ycbcr."""


def view_pair(images: Images, references: Images, view: View) -> tuple[Features, Features]:
    """Both batches converted by ``view_images``.

    Raises:
        UsageError: The shapes differ.
    """
    if images.shape != references.shape:
        raise UsageError(
            f"images of shape {tuple(images.shape)} cannot be compared with references of shape "
            f"{tuple(references.shape)}"
        )
    return view_images(images, view), view_images(references, view)


def view_images(images: Images, view: View) -> Features:
    """A batch in the color space and rounding of a view: (b, 3 or 1, h, w), float64, clipped to [0, 1]."""
    # Rounded in float32, as when files are written: float64 would round some ties differently.
    pixels = in_8_bits(images.float().clamp(0, 1)) if view.rounds_pixels else images.double().clamp(0, 1)
    if view.space is Space.RGB:
        return pixels
    if view.space is Space.LUMA:
        plane = weighted(pixels, LUMA)
    else:
        plane = (weighted(pixels, STUDIO) + STUDIO_BLACK) / 255
    return in_8_bits(plane) if view.rounds_plane else plane


def in_8_bits(values: Features) -> Features:
    """Values in [0, 1] rounded to 8 bits, in float64."""
    return values.mul(255).round().double() / 255


def weighted(images: Images, weights: Sequence[float]) -> Features:
    """Weighted sum of R, G and B: (b, 1, h, w)."""
    red, green, blue = images.split(1, 1)
    # The order of the sum is fixed, so that a luma midway between two levels is rounded alike in any batch.
    return red * weights[0] + green * weights[1] + blue * weights[2]


def align_gray_mean(images: Images, references: Images, gray: GrayMean) -> Images:
    """Each image scaled so that its mean gray equals that of its reference, then clipped ("GT-mean").

    Scores of such images measure structure and color and ignore wrong brightness, so they do not replace the
    plain scores. A black image stays black.

    Raises:
        UsageError: The shapes differ.
    """
    view = View(Space.RGB, rounds_pixels=gray.rounds_pixels)
    images, references = view_pair(images, references, view)
    mean, expected = (
        weighted(batch, gray.weights).mean((1, 2, 3), keepdim=True) for batch in (images, references)
    )
    return (images * (expected / mean.clamp(min=1e-6))).clamp(0, 1)
