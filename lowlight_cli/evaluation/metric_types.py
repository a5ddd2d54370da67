"""What a metric is: a function of images, or of images and references, that may have no score to give."""

from collections.abc import Callable

from lowlight_cli.errors import LowlightError
from lowlight_cli.tensors import Images, PerImage

Compare = Callable[[Images, Images], PerImage]
"""A metric with a reference: images and references of one shape, sRGB in [0, 1]."""

Rate = Callable[[Images], PerImage]
"""A metric without a reference."""


class NoScoreError(LowlightError):
    """An image that a metric cannot measure; the message says why."""
