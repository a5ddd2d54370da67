"""The blur of a shaken camera is found in the photo and removed; sharp photos stay as they are."""

import cv2
import numpy as np
import pytest
import torch

from lowlight_cli.datasets.blur import kernel_of, moved
from lowlight_cli.datasets.darken import to_linear, to_srgb
from lowlight_cli.images.decode import decode
from lowlight_cli.images.pixels import shrink, to_images, to_pixels
from lowlight_cli.models.shake.estimator import KERNEL_SIDE, KernelEstimator
from lowlight_cli.pipeline import shake
from lowlight_cli.pipeline.shake import ShakeRemover, load_kernel_estimator


@pytest.fixture
def photo(root):
    """A sharp photo of 600x400, linear light."""
    return to_linear(shrink(decode(root / "sample_images" / "street_8_megapixels.jpg").pixels, 600 * 400))


def arc(length, turn=2.0, points=64):
    """A curved path of the camera in pixels, with mean zero."""
    heading = 0.6 + turn * torch.arange(points) / points
    path = length / points * torch.stack([heading.sin(), heading.cos()], dim=1).cumsum(0)
    return path - path.mean(0)


def pixels_of(light, *, sixteen_bit=False):
    return to_pixels(to_srgb(light), sixteen_bit=sixteen_bit)[0]


def error_of(pixels, light):
    return float((to_images([pixels]) - to_srgb(light)).square().mean())


class Known(KernelEstimator):
    """Knows the kernel."""

    def __init__(self, kernel):
        super().__init__(width=4, hidden=4)
        radius = (KERNEL_SIDE - kernel.shape[0]) // 2
        self.kernel = torch.nn.functional.pad(kernel, (radius,) * 4)

    def kernel_of(self, light):
        return self.kernel


def test_what_the_photo_shows_is_removed(photo):
    remover = ShakeRemover(load_kernel_estimator())
    for length in (11, 15, 20):
        shaken = pixels_of(moved(photo, kernel_of(arc(length))))
        made = remover(shaken, shaken)
        assert made.dtype == shaken.dtype
        assert error_of(made, photo) < 0.75 * error_of(shaken, photo)


@pytest.mark.parametrize("name", ["backlit.jpg", "dark_indoor.jpg", "fire_at_night.jpg", "turned.jpg"])
def test_a_photo_of_a_still_camera_stays_as_it_is(root, name):
    pixels = decode(root / "sample_images" / name).pixels
    assert ShakeRemover(load_kernel_estimator())(pixels, pixels) is pixels


def test_a_tiny_photo_stays_as_it_is(photo):
    shaken = pixels_of(moved(photo, kernel_of(arc(12))))[:80, :80]
    assert ShakeRemover(load_kernel_estimator())(shaken, shaken) is shaken


def test_16_bits_stay(photo):
    kernel = kernel_of(arc(12))
    shaken = pixels_of(moved(photo, kernel), sixteen_bit=True)
    made = ShakeRemover(Known(kernel))(shaken, shaken)
    assert made.dtype == np.uint16
    assert len(np.unique(made)) > 1000
    assert error_of(made, photo) < 0.6 * error_of(shaken, photo)


def test_the_direction_of_the_path_is_found(photo):
    kernel = kernel_of(arc(14, turn=3.0))
    shaken = pixels_of(moved(photo, kernel))
    right, turned = (ShakeRemover(Known(each))(shaken, shaken) for each in (kernel, kernel.flip(0, 1)))
    assert np.array_equal(right, turned)
    assert error_of(right, photo) < 0.6 * error_of(shaken, photo)


def test_a_large_photo_is_measured_on_a_copy(photo, monkeypatch):
    kernel = kernel_of(arc(16))
    shaken = pixels_of(moved(photo, kernel))
    monkeypatch.setattr(shake, "MEASURED_SIDE", 300)
    half = kernel_of(arc(8))
    made = ShakeRemover(Known(half))(shaken, shaken)
    assert made.shape == shaken.shape
    assert error_of(made, photo) < 0.8 * error_of(shaken, photo)


def test_results_keep_the_range_of_their_surroundings(photo):
    kernel = kernel_of(arc(14))
    shaken = pixels_of(moved(photo, kernel))
    made = ShakeRemover(Known(kernel))(shaken, shaken)
    side = 2 * shake.SURROUNDINGS + 1
    window = np.ones((side, side), np.uint8)
    assert (made <= cv2.dilate(shaken, window)).all()
    assert (made >= cv2.erode(shaken, window)).all()
