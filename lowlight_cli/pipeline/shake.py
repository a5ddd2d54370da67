"""Removes the blur of a shaken camera from results (``--deblur``), on the CPU in float32.

The kernel is estimated from the dark photo, where blur and noise are as the camera made them, and removed
from the result, which has less noise. Larger photos are reduced to 1,000 pixels for both, and the change is
enlarged: a shaken photo has little finer detail to sharpen.
"""

import numpy as np
import torch
from torch.nn.functional import interpolate

from lowlight_cli.checkpoints.load import fill, load_weights, whole_weights
from lowlight_cli.datasets.darken import to_linear, to_srgb
from lowlight_cli.images.picture import Samples
from lowlight_cli.images.pixels import shrink, to_images, to_pixels
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.shake.deconvolution import deconvolved, within_surroundings
from lowlight_cli.models.shake.estimator import Kernel, KernelEstimator
from lowlight_cli.tensors import Images

MEASURED_SIDE = 1000
"""Longer side of the copy on which a photo is measured, in pixels."""

LEAST_SIDE = 96
"""Photos with a shorter side are left as they are: they show too little."""

SURROUNDINGS = 6
"""Distance in pixels within which a result keeps the range that it had, so that edges do not ring."""


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
        before = shrink(made, most)
        sharp = within_surroundings(to_srgb(_without(kernel, to_linear(before))), before, SURROUNDINGS)
        if sharp.shape[2:] != made.shape[:2]:
            change = interpolate(sharp - before, size=(height, width), mode="bicubic")
            sharp = to_images([made]) + change
        return to_pixels(sharp, sixteen_bit=made.dtype == np.uint16)[0]


def _without(kernel: Kernel, light: Images) -> Images:
    """The image without a blur by the kernel as it is, or turned by 180 degrees.

    Correlations do not show the direction of a path. The wrong one rings, so more values are out of range.
    """
    found = [deconvolved(light, each) for each in (kernel, kernel.flip(0, 1))]
    return min(found, key=lambda made: float(((made < -0.01) | (made > 1.01)).float().mean()))
