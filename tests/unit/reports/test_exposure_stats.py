"""Measures of light against formulas written out, and against scikit-image."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from lowlight_cli.reports.display_image import display_image_of
from lowlight_cli.reports.exposure_stats import BINS, cast_shift, exposure_stats


def _flat(*color, size=(40, 60)):
    return np.full((*size, 3), color, np.uint8)


def test_brightness_is_the_mean_of_bt_601():
    light = exposure_stats(display_image_of(_flat(200, 100, 50)))
    assert light.luma == pytest.approx((0.299 * 200 + 0.587 * 100 + 0.114 * 50) / 255, abs=1 / 255)
    assert light.constant


def test_histogram_has_a_share_of_the_pixels_in_each_step():
    pixels = _flat(0, 0, 0)
    pixels[:, 30:] = 255
    light = exposure_stats(display_image_of(pixels))
    assert len(light.histogram) == BINS
    assert (light.histogram[0], light.histogram[-1], sum(light.histogram)) == (0.5, 0.5, 1.0)
    assert not light.constant


def test_shares_of_clipped_and_deep_pixels_are_counted():
    pixels = _flat(100, 100, 100)
    pixels[:4] = (255, 10, 10)  # one lost channel is enough
    pixels[4:12] = 12  # 12 of 255 is less than 5 %, 13 is not
    pixels[12:16] = 13
    light = exposure_stats(display_image_of(pixels))
    assert (light.clipped, light.deep) == (pytest.approx(0.1), pytest.approx(0.2))


def test_16_bits_are_measured_like_8(rng):
    pixels = rng.integers(0, 256, (30, 40, 3)).astype(np.uint8)
    assert exposure_stats(display_image_of(pixels)) == exposure_stats(
        display_image_of(pixels.astype(np.uint16) * 257)
    )


def test_pixels_that_cannot_be_seen_do_not_count():
    pixels, alpha = _flat(80, 80, 80), np.full((40, 60), 255, np.uint8)
    pixels[:20], alpha[:20] = 255, 0
    assert exposure_stats(display_image_of(pixels, alpha)) == exposure_stats(
        display_image_of(_flat(80, 80, 80))
    )


def test_more_light_alone_moves_no_color(rng):
    light = rng.random((50, 60, 3)) * [0.2, 0.1, 0.05]
    before, after = (exposure_stats(display_image_of(_coded(light * gain))) for gain in (1, 4))
    assert cast_shift(before, after) < 0.5


def test_shift_of_color_is_that_of_scikit_image():
    before, after = (_flat(60, 50, 45), _flat(150, 150, 160))
    shift = cast_shift(exposure_stats(display_image_of(before)), exposure_stats(display_image_of(after)))
    gain = _luminance(after) / _luminance(before)
    lifted = _encode(_decode(before[:1, :1] / 255) * gain)
    expected = np.linalg.norm(rgb2lab(lifted) - rgb2lab(after[:1, :1] / 255))
    assert shift == pytest.approx(expected, abs=0.1)
    assert shift > 5


def test_large_pictures_are_thinned_without_a_change_of_the_result(rng):
    pixels = np.kron(rng.integers(0, 256, (13, 17, 1)), np.ones((100, 100, 3))).astype(np.uint8)
    light = exposure_stats(display_image_of(pixels))
    assert light.luma == pytest.approx(pixels.mean() / 255, abs=0.004)


def _decode(coded):
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def _encode(light):
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055)


def _coded(light):
    return np.rint(255 * _encode(light)).astype(np.uint8)


def _luminance(pixels):
    return _decode(pixels[0, 0] / 255) @ [0.2126, 0.7152, 0.0722]
