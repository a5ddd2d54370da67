import math

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from lowlight_cli.errors import UsageError
from lowlight_cli.evaluation.color_space import align_gray_mean
from lowlight_cli.evaluation.pixel_metrics import mean_absolute_error, psnr, ssim
from lowlight_cli.evaluation.protocols import GrayMean


@pytest.fixture
def pair():
    """Two batches of two smooth pictures with noise between them."""
    waves = torch.sin(torch.arange(2 * 3 * 24 * 31).view(2, 3, 24, 31) / 50) / 2 + 0.5
    return waves, (waves + torch.randn_like(waves) / 10).clamp(0, 1)


def in_8_bits(picture):
    return (picture.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)


def test_psnr_is_that_of_skimage(pair):
    for index, value in enumerate(psnr(*pair)):
        first, second = (in_8_bits(batch[index]) for batch in pair)
        assert value.item() == pytest.approx(peak_signal_noise_ratio(second, first), abs=1e-6)


def test_ssim_is_that_of_skimage_without_its_border(pair):
    for index, value in enumerate(ssim(*pair)):
        first, second = (in_8_bits(batch[index]) for batch in pair)
        _, places = structural_similarity(
            first,
            second,
            channel_axis=2,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
            full=True,
        )
        assert value.item() == pytest.approx(places[5:-5, 5:-5].mean(), abs=1e-6)


def test_mean_absolute_error_is_of_rounded_values(pair):
    first, second = (np.stack([in_8_bits(p) for p in batch]).astype(float) for batch in pair)
    expected = np.abs(first - second).mean((1, 2, 3)) / 255
    np.testing.assert_allclose(mean_absolute_error(*pair).numpy(), expected, atol=1e-9)


def test_equal_pictures_are_perfect(pair):
    images, _ = pair
    assert math.isinf(psnr(images, images)[0])
    assert mean_absolute_error(images, images).max() == 0
    torch.testing.assert_close(ssim(images, images), torch.ones(2, dtype=torch.float64))


def test_black_against_white_has_no_signal():
    black, white = torch.zeros(1, 3, 12, 12), torch.ones(1, 3, 12, 12)
    assert psnr(black, white).item() == pytest.approx(0)
    assert mean_absolute_error(black, white).item() == 1


def test_differences_that_a_file_cannot_hold_do_not_count():
    images = torch.full((1, 3, 12, 12), 100 / 255)
    assert mean_absolute_error(images + 0.4 / 255, images).item() == 0


def test_equal_means_forgive_a_wrong_brightness():
    references = torch.randint(40, 200, (1, 3, 16, 16)) / 255
    assert psnr(references / 2, references).item() < 20
    assert psnr(align_gray_mean(references / 2, references, GrayMean()), references).item() > 45


def test_different_shapes_are_refused():
    with pytest.raises(UsageError, match="cannot be compared"):
        psnr(torch.zeros(1, 3, 12, 12), torch.zeros(1, 3, 12, 13))


def test_pictures_smaller_than_the_window_are_refused():
    with pytest.raises(UsageError, match="11x11"):
        ssim(torch.zeros(1, 3, 10, 40), torch.zeros(1, 3, 10, 40))
