"""Removes the blur of a shaken camera from results (``--deblur``), on the CPU in float32.

The kernel is estimated from the dark photo, where blur and noise are as the camera made them, and removed
from the result, which has less noise. Photos are measured on a copy of at most 1,000 pixels, so a kernel of a
larger photo is enlarged.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import torch
from torch.nn.functional import interpolate

from lowlight_cli.checkpoints.load import fill, load_weights, whole_weights
from lowlight_cli.datasets.darken import to_linear, to_srgb
from lowlight_cli.images.picture import Samples
from lowlight_cli.images.pixels import shrink, to_images, to_pixels
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.shake.deconvolution import deconvolved, within_surroundings
from lowlight_cli.models.shake.estimator import KERNEL_SIDE, Kernel, KernelEstimator
from lowlight_cli.tensors import Images

MEASURED_SIDE = 1000
"""Longer side of the copy on which a photo is measured, in pixels."""

LEAST_SIDE = 96
"""Photos with a shorter side are left as they are: they show too little."""

SURROUNDINGS = 6
"""Distance in pixels of the copy within which a result keeps the range that it had, so that edges do not ring."""

_TILE = 1024
_OVERLAP = 96
"""Pixels around a tile that are computed and not used, besides the radius of the kernel."""


def load_kernel_estimator() -> KernelEstimator:
    """The network with the weights that ship, in evaluation mode, on the CPU.

    Raises:
        WeightsError: The weights are missing or damaged.
    """
    path = whole_weights(MODELS["vqcnir"].stages["shake"])
    estimator = KernelEstimator()
    fill(estimator, load_weights(path).state, path)
    return estimator.eval().requires_grad_(requires_grad=False)


class ShakeRemover:
    """Removes the blur of a shaken camera.

    Args:
        estimator: Estimates the kernel of a photo.
    """

    def __init__(self, estimator: KernelEstimator) -> None:
        self._estimator = estimator

    @torch.inference_mode()
    def __call__(self, dark: Samples, made: Samples) -> Samples:
        """The result without blur, (h, w, 3) as it came; the same object if the photo shows no shake.

        Args:
            dark: The photo before the model.
            made: The result of the model, of the same size.
        """
        height, width = made.shape[:2]
        most = int(height * width * min(1.0, MEASURED_SIDE / max(height, width)) ** 2)
        copy = shrink(dark, most)
        if min(copy.shape[2:]) < LEAST_SIDE:
            return made
        kernel = self._estimator.kernel_of(to_linear(copy))
        if kernel is None:
            return made
        light = to_linear(shrink(made, most))
        kernel = _turned_right(light, kernel)
        scale = max(height, width) / max(copy.shape[2:])
        kernel = kernel if scale == 1 else _enlarged(kernel, scale)
        sharp = _in_tiles(made, kernel, float(light.mean()), scale)
        return to_pixels(sharp, sixteen_bit=made.dtype == np.uint16)[0]


def _turned_right(light: Images, kernel: Kernel) -> Kernel:
    """The kernel as it is, or turned by 180 degrees.

    Correlations do not show the direction of a path. The wrong one rings, so more values are out of range.
    """

    def out_of_range(tried: Kernel) -> float:
        made = deconvolved(light, tried, float(light.mean()))
        return float(((made < -0.01) | (made > 1.01)).float().mean())

    return min((kernel, kernel.flip(0, 1)), key=out_of_range)


def _enlarged(kernel: Kernel, scale: float) -> Kernel:
    side = 2 * round(scale * KERNEL_SIDE / 2) + 1
    larger = interpolate(kernel[None, None], size=(side, side), mode="bilinear")[0, 0]
    return larger / larger.sum()


def _in_tiles(pixels: Samples, kernel: Kernel, mean: float, scale: float) -> Images:
    """An sRGB image without the blur; tiles limit the memory."""
    height, width = pixels.shape[:2]
    whole = torch.empty(1, 3, height, width)
    around, radius = _OVERLAP + kernel.shape[0], round(SURROUNDINGS * scale)
    for top, bottom in _spans(height):
        for left, right in _spans(width):
            first_row, first_column = max(top - around, 0), max(left - around, 0)
            part = to_images([pixels[first_row : bottom + around, first_column : right + around]])
            made = to_srgb(deconvolved(to_linear(part), kernel, mean))
            made = within_surroundings(made, part, radius)
            rows = slice(top - first_row, bottom - first_row)
            columns = slice(left - first_column, right - first_column)
            whole[..., top:bottom, left:right] = made[..., rows, columns]
    return whole


def _spans(length: int) -> Iterator[tuple[int, int]]:
    """Starts and ends of nearly equal parts of at most ``_TILE`` pixels."""
    count = -(-length // _TILE)
    edges = [length * number // count for number in range(count + 1)]
    yield from pairwise(edges)
