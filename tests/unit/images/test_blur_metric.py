"""Edges are wide in photos of a moving camera, but not in dark or noisy ones."""

import cv2
import numpy as np
import pytest
import torch
from scipy import ndimage

from lowlight_cli.datasets.blur import Movement, kernel_of, shake_path
from lowlight_cli.datasets.config import MEASURED, DarkeningSettings
from lowlight_cli.datasets.darken import darken
from lowlight_cli.images.blur_metric import edge_width
from lowlight_cli.pipeline.report import BLURRED_FROM

SIZE = (320, 448)


def scene(seed: int) -> np.ndarray:
    """Discs and boxes of many sizes and tones on a soft background, with antialiased borders."""
    generator = np.random.default_rng(seed)
    down, across = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    picture = np.stack([120 + 60 * np.sin(across / 150 + c) * np.cos(down / 130) for c in range(3)], -1)
    picture = picture.clip(0, 255).astype(np.uint8)
    for _ in range(40):
        x, y = (int(value) for value in generator.integers(0, (SIZE[1], SIZE[0])))
        tone = [int(value) for value in generator.integers(20, 240, 3)]
        size = int(generator.integers(8, 60))
        if generator.random() < 0.5:
            cv2.circle(picture, (x, y), size // 2, tone, -1, cv2.LINE_AA)
        else:
            cv2.rectangle(picture, (x, y), (x + size, y + size), tone, -1)
    return picture


def at_night(picture: np.ndarray, length: float, seed: int) -> np.ndarray:
    movement = None
    if length:
        kernel = kernel_of(shake_path(float(length), 0.35, torch.Generator().manual_seed(seed)))
        movement = Movement(kernel, 1.0, 0.94, is_saturated=False)
    camera = DarkeningSettings(measured=MEASURED, measured_share=1.0, jpeg_share=0.0)
    images = torch.from_numpy(picture).permute(2, 0, 1).float() / 255
    dark = darken(images, camera, torch.Generator().manual_seed(seed), movement).images
    return (dark * 255).round().byte().permute(1, 2, 0).numpy()


def width_over_all_pixels(picture: np.ndarray) -> float:
    """The measure of docs/models/vqcnir.md over all lines and pixels, for 8 bits and sides up to 1024."""
    luma = np.round(picture @ (0.299, 0.587, 0.114)) / 255
    noise = 1.4826 * np.median(np.abs(ndimage.laplace(luma, mode="mirror"))) / 20**0.5
    smooth = ndimage.gaussian_filter(luma, 1.0, mode="mirror")
    widths = []
    for lines in (smooth, smooth.T):
        rise = (ndimage.maximum_filter1d(lines, 25) - ndimage.minimum_filter1d(lines, 25))[:, 1:]
        steepest = ndimage.maximum_filter1d(np.abs(np.diff(lines)), 25)
        strong = rise >= max(np.quantile(rise, 0.95), 10 * noise, 0.03)
        widths.append(np.percentile(rise[strong] / steepest[strong], 10))
    return min(widths)


@pytest.mark.parametrize("length", [0, 6, 14, 24])
def test_a_part_of_the_pixels_gives_the_width_of_all(length: int) -> None:
    pictures = [at_night(scene(seed), length, seed) for seed in range(4)]
    parts = np.array([edge_width(picture) for picture in pictures])
    wholes = np.array([width_over_all_pixels(picture) for picture in pictures])
    apart = np.abs(parts / wholes - 1)
    assert apart.max() < 0.03
    assert np.median(apart) < 0.01


@pytest.mark.parametrize("seed", range(4))
def test_only_the_blurred_of_two_dark_noisy_photos_is_blurred(seed: int) -> None:
    picture = scene(seed)
    assert edge_width(picture) < BLURRED_FROM
    assert edge_width(at_night(picture, 0, seed)) < BLURRED_FROM
    assert edge_width(at_night(picture, 24, seed)) >= BLURRED_FROM


def test_more_blur_is_wider() -> None:
    widths = [np.mean([edge_width(at_night(scene(s), length, s)) for s in range(3)]) for length in (0, 6, 14)]
    assert widths == sorted(widths)
    assert widths[2] > widths[0] + 1


def test_noise_alone_is_not_taken_for_blur() -> None:
    picture = scene(1).astype(np.float32) / 6
    noisy = (picture + np.random.default_rng(0).normal(0, 6, picture.shape)).clip(0, 255).astype(np.uint8)
    width = edge_width(noisy)
    assert width is None or width < BLURRED_FROM


@pytest.mark.parametrize("sigma", [1.5, 3.0])
@pytest.mark.parametrize("shape", [(320, 448), (321, 333), (120, 161)])
def test_a_picture_blurred_on_purpose_is_wider(shape: tuple[int, int], sigma: float) -> None:
    for seed in range(3):
        picture = np.ascontiguousarray(scene(seed)[: shape[0], : shape[1]])
        assert edge_width(cv2.GaussianBlur(picture, (0, 0), sigma)) > edge_width(picture) + 0.2


def test_depth_and_size_hardly_change_it() -> None:
    picture = at_night(scene(2), 12, 2)
    plain = edge_width(picture)
    assert edge_width(picture.astype(np.uint16) * 257) == pytest.approx(plain, abs=0.1)
    large = cv2.resize(picture, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    assert edge_width(large) > plain  # 1792 pixels are measured at 1024: more than twice the first size


@pytest.mark.parametrize("shape", [(20, 300, 3), (120, 120, 3), (1, 1, 3)])
def test_what_has_no_edges_says_nothing(shape: tuple[int, ...]) -> None:
    assert edge_width(np.full(shape, 40, np.uint8)) is None
