"""Each fault that is put into a result is found, and a result without is left alone."""

import numpy as np
import pytest

from lowlight_cli.reports.display_image import display_image_of
from lowlight_cli.reports.flags import FLAGS, SEAM_TIMES, flags_of
from lowlight_cli.reports.measure import measure, noise_level
from lowlight_cli.reports.seams import seam_score


def _brighter(scene):
    return (scene.astype(float) * 3).clip(0, 255).astype(np.uint8)


def _flags(before, after):
    return flags_of(measure(display_image_of(before), display_image_of(after)))


@pytest.mark.parametrize("sigma", [3, 8, 20])
def test_noise_is_estimated(rng, sigma):
    pixels = (128 + rng.normal(0, sigma, (300, 400, 1))).clip(0, 255).astype(np.uint8).repeat(3, 2)
    assert noise_level(display_image_of(pixels)) == pytest.approx(sigma / 255, rel=0.05)


def test_edges_do_not_count_as_noise():
    pixels = np.zeros((512, 512, 3), np.uint8)
    pixels[200:, 300:] = 255
    assert noise_level(display_image_of(pixels)) * 255 < 1


def test_a_mere_gain_has_no_fault_but_its_noise(scene):
    pair = measure(display_image_of(scene), display_image_of(_brighter(scene)))
    assert flags_of(pair) == ("noise",)
    assert pair.noise == pytest.approx(3, rel=0.15)
    assert pair.noise / pair.gain == pytest.approx(1, rel=0.15)
    assert pair.gain == pytest.approx(3, rel=0.02)


def test_the_same_picture_has_no_fault_but_its_darkness(scene):
    pair = measure(display_image_of(scene), display_image_of(scene))
    assert (pair.gain, pair.noise, pair.cast, pair.seams) == (1, 1, 0, pytest.approx(1, abs=0.8))
    assert _flags(scene + np.uint8(20), scene + np.uint8(20)) == ()
    assert _flags(scene // 4, scene // 4) == ("dark",)


@pytest.mark.parametrize("value", [0, 90])
def test_a_blank_result_is_found(scene, value):
    assert "blank" in _flags(scene, np.full_like(scene, value))
    assert "blank" not in _flags(np.full_like(scene, value), np.full_like(scene, value))


def test_lost_highlights_are_found_unless_they_were_lost_before(scene):
    lamp = _brighter(scene)
    lamp[:80, :200] = 255
    assert "clipped" in _flags(scene, lamp)
    assert "clipped" not in _flags(lamp, lamp)


def test_a_cast_is_found(scene):
    tinted = (_brighter(scene) * [1.0, 1.0, 0.7]).astype(np.uint8)
    assert "cast" in _flags(scene, tinted)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("step", [3, 6])
def test_seams_of_tiles_are_found(scene, axis, step):
    seamed = np.moveaxis(_smooth(scene).astype(int), axis, 0)
    for i, border in enumerate(range(136, len(seamed), 136)):
        seamed[border : border + 136] += step if i % 2 == 0 else 0
    after = np.moveaxis(seamed, 0, axis).clip(0, 255).astype(np.uint8)
    assert seam_score(display_image_of(scene).luma, display_image_of(after).luma) > SEAM_TIMES
    assert seam_score(display_image_of(after).luma, display_image_of(after).luma) < 2


def test_squares_of_jpeg_are_no_seams(scene):
    blocks = np.kron(scene[::8, ::8], np.ones((8, 8, 1), int)).astype(np.uint8)
    assert seam_score(display_image_of(scene).luma, display_image_of(blocks).luma) < SEAM_TIMES


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 500), (130, 128)])
def test_any_size_can_be_measured(size):
    pixels = np.full((*size, 3), 9, np.uint8)
    assert measure(display_image_of(pixels), display_image_of(pixels)).seams == 1


def test_sizes_may_differ(scene):
    assert measure(display_image_of(scene), display_image_of(scene[::2, ::2])).seams < SEAM_TIMES


def test_each_flag_has_a_shape_of_its_own():
    assert len({flag.symbol for flag in FLAGS.values()}) == len(FLAGS) == 6
    assert all(flag.meaning.endswith(".") for flag in FLAGS.values())


def _smooth(scene):
    import cv2

    return cv2.GaussianBlur(_brighter(scene), (0, 0), 3)
