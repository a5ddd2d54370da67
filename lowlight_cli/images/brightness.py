"""Measures the brightness of an image; torch-free."""

import cv2
import numpy as np

from lowlight_cli.images.picture import Pixels

LUMA_WEIGHTS = (0.299, 0.587, 0.114)
"""Weights of red, green and blue. Source: ITU-R BT.601."""


def mean_luma(pixels: Pixels) -> float:
    """Mean luma of sRGB pixels, in [0, 1]; values are not converted to linear light."""
    means = cv2.mean(pixels)[:3]
    return float(np.dot(means, LUMA_WEIGHTS) / np.iinfo(pixels.dtype).max)
