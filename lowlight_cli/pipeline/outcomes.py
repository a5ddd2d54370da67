"""What the model made of an image: pixels, or the reason why there are none."""

import torch

from lowlight_cli.errors import ImageError
from lowlight_cli.images.picture import Pixels, Samples
from lowlight_cli.images.pixels import to_pixels
from lowlight_cli.tensors import Images

Outcome = list[Samples | ImageError]
"""For each image its result, or its error; images of a batch may differ in size before padding."""


def outcome_of(result: Images, *, sixteen_bit: bool) -> Pixels | ImageError:
    """Pixels of a result, or the error if it has values that are not finite.

    Args:
        result: A batch of one.
        sixteen_bit: Whether the pixels have 16 bits, not 8.
    """
    if not torch.isfinite(result).all():
        return not_finite()
    return to_pixels(result, sixteen_bit=sixteen_bit)[0]


def not_finite() -> ImageError:
    """The error of an image with values that are not finite, even in float32."""
    return ImageError("nonfinite", "the model gave values that are not finite")
