"""Brightens images with classic methods: gamma, histogram equalization, CLAHE.

A file of its own, so that ``baselines`` lists their names without torch.

Source of CLAHE: Zuiderveld, "Contrast limited adaptive histogram equalization", 1994.
"""

from collections.abc import Callable

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from lowlight_cli.tensors import Images

Bytes = NDArray[np.uint8]
"""One 8-bit RGB image, (h, w, 3)."""

CLIP_LIMIT = 2.0
GRID = (8, 8)


def gamma(images: Images, exponent: float = 0.4) -> Images:
    """Raises sRGB values in [0, 1] to a power below 1."""
    return images.clamp(0, 1) ** exponent


def equalize_value(images: Images) -> Images:
    """Equalizes the histogram of V (the largest channel); hue and saturation stay."""
    return _image_by_image(images, _equalized)


def clahe(images: Images) -> Images:
    """Equalizes the lightness (Lab) in 8x8 tiles, with contrast limited to 2."""
    return _image_by_image(images, _locally_equalized)


def _image_by_image(images: Images, enhance: Callable[[Bytes], Bytes]) -> Images:
    """Applies a function of one 8-bit image to each image of a batch."""
    pixels = images.clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    bright = np.stack([enhance(np.ascontiguousarray(image)) for image in pixels])
    return torch.from_numpy(bright).permute(0, 3, 1, 2).to(images) / 255


def _equalized(image: Bytes) -> Bytes:
    parts = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)
    parts[..., 2] = cv2.equalizeHist(np.ascontiguousarray(parts[..., 2]))
    return np.asarray(cv2.cvtColor(parts, cv2.COLOR_HSV2RGB_FULL), np.uint8)


def _locally_equalized(image: Bytes) -> Bytes:
    parts = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    equalizer = cv2.createCLAHE(CLIP_LIMIT, GRID)
    parts[..., 0] = equalizer.apply(np.ascontiguousarray(parts[..., 0]))
    return np.asarray(cv2.cvtColor(parts, cv2.COLOR_LAB2RGB), np.uint8)
