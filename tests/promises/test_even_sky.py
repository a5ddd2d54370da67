"""Promise: an evening sky gets no torn border where one code of the default model ends and another begins."""

from pathlib import Path

import numpy as np
from PIL import Image

from lowlight_cli.pipeline.model_setup import make_runner
from lowlight_cli.pipeline.settings import EnhanceSettings

BLOCK = 8
SKY = np.s_[80:264, 24:776]
"""The part of the picture below without buildings and borders."""


def _evening():
    photo = Image.open(Path(__file__).parents[2] / "sample_images/street_8_megapixels.jpg")
    pixels = np.asarray(photo)[248:1000, 700:2300]
    return pixels.reshape(376, 2, 800, 2, 3).mean((1, 3)).round().astype(np.uint8)


def _largest_step(picture):
    """Between the mean colors of squares of 8 pixels that touch, in 1/255."""
    sky = picture[SKY].astype(np.float64)
    height, width, _ = sky.shape
    squares = sky.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK, 3).mean((1, 3))
    return max(np.abs(np.diff(squares, axis=axis)).max() for axis in (0, 1))


def test_tones_of_a_sky_blend():
    """The largest step is 2.5; with earlier weights, which took the nearest code, it was 5.4."""
    (made,) = make_runner(EnhanceSettings(device="cpu", precision="fp32"))([_evening()])
    assert _largest_step(made) < 3.5
