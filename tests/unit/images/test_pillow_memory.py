"""Pillow's memory, read where it lies: the same samples as by Pillow's own copies."""

import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lowlight_cli.images.codecs.pillow_memory import rgb_of
from lowlight_cli.images.codecs.read_pillow import samples_of


def _noise(height, width, channels=3):
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width, channels), np.uint8)


@given(height=st.integers(1, 40), width=st.integers(1, 40), left=st.integers(0, 39))
def test_samples_are_those_of_pillow(height, width, left):
    image = Image.fromarray(_noise(height, width))
    part = image.crop((min(left, width - 1), 0, width, height))
    assert np.array_equal(rgb_of(part), np.asarray(part))


def test_samples_outlive_the_image():
    image = Image.fromarray(_noise(300, 400))
    samples, expected = rgb_of(image), _noise(300, 400)
    del image
    gc.collect()
    _ = [Image.new("RGB", (400, 300), "red") for _ in range(20)]  # takes the memory, if it was given back
    assert np.array_equal(samples, expected)
    assert samples.flags.writeable


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "CMYK", "P"])
def test_other_modes_are_left_to_pillow(mode):
    assert rgb_of(Image.new(mode, (9, 7))) is None


@pytest.mark.parametrize("size", [(5000, 1), (2500, 1700)])
def test_large_images_in_pieces_of_memory_are_copied_in_strips(size):
    pixels = _noise(*size)
    image = Image.fromarray(pixels)
    assert (rgb_of(image) is None) == (pixels.size > 2**20)
    assert np.array_equal(samples_of(image), pixels)
