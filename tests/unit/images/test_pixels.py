"""Pixels are converted to tensors and back."""

import numpy as np
import pytest
import torch

from lowlight_cli.images.color.srgb import mix_light, to_light, to_srgb
from lowlight_cli.images.pixels import shrink, to_images, to_pixels


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_every_value_comes_back(depth):
    pixels = np.arange(np.iinfo(depth).max + 1, dtype=depth).repeat(3).reshape(-1, 4, 3)
    images = to_images([pixels, pixels])
    assert images.shape == (2, 3, len(pixels), 4)
    assert images.dtype == torch.float32
    assert images.is_contiguous(memory_format=torch.channels_last)
    back = to_pixels(images, sixteen_bit=depth is np.uint16)
    assert all(np.array_equal(picture, pixels) for picture in back)


def test_values_outside_are_clamped():
    pixels = to_pixels(torch.tensor([-0.5, 1.5, 0.5]).view(1, 3, 1, 1), sixteen_bit=False)
    assert pixels[0].ravel().tolist() == [0, 255, 128]


def test_averages_of_dark_pictures_are_not_rounded():
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[::2, ::2] = 1
    small = shrink(pixels, 16 * 16)
    assert small.shape == (1, 3, 16, 16)
    torch.testing.assert_close(small, torch.full_like(small, 0.25 / 255))


def test_small_pictures_are_not_changed():
    pixels = np.full((4, 6, 3), 9, np.uint8)
    assert torch.equal(shrink(pixels, 24), to_images([pixels]))


def test_light_follows_the_standard():
    srgb = torch.tensor([0.0, 0.04045, 0.5, 1.0]).view(1, 1, 1, 4).expand(1, 3, 1, 4)
    light = to_light(srgb)
    torch.testing.assert_close(light[0, 0, 0], torch.tensor([0.0, 0.0031308, 0.2140411, 1.0]))
    torch.testing.assert_close(to_srgb(light), srgb)


def test_half_strength_is_half_the_light():
    first, second = torch.zeros(1, 3, 1, 1), torch.ones(1, 3, 1, 1)
    torch.testing.assert_close(to_light(mix_light(first, second, 0.5)), torch.full((1, 3, 1, 1), 0.5))
    assert torch.equal(mix_light(first, second, 1.0), second)
    torch.testing.assert_close(mix_light(first, second, 0.0), first)
