"""Promise: a large photo looks the same whether it goes by tiles or as a whole."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lowlight_cli.device import FP32
from lowlight_cli.models.controls import Controls
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.model_setup import make_runner
from lowlight_cli.pipeline.settings import EnhanceSettings

SIZE = (224, 320)
TILE = 128


@pytest.fixture(scope="module")
def enhancer():
    return make_runner(EnhanceSettings(device="cpu")).enhancer


def _enhanced(enhancer, pixels, tile):
    limits = Limits(2**20, tile=tile, overlap=64)
    forward = ModelRunner(
        enhancer, EnhanceParams(Controls()), limits, device=torch.device("cpu"), precision=FP32
    )
    (result,) = forward([pixels])
    return result.astype(np.float64)


def _constant(top):
    return np.full((*SIZE, 3), (0.1 * top, 0.08 * top, 0.06 * top))


def _gradient(top):
    ramp = np.linspace(0.02, 0.25, SIZE[1])[None, :, None] * np.linspace(1, 0.5, SIZE[0])[:, None, None]
    return ramp * np.array([1.0, 0.9, 0.8]) * top


@pytest.mark.parametrize("scene", [_constant, _gradient])
def test_no_step_shows_where_tiles_meet(enhancer, scene):
    pixels = scene(65535).astype(np.uint16)
    whole, tiled = _enhanced(enhancer, pixels, 0), _enhanced(enhancer, pixels, TILE)
    for axis in (0, 1):
        largest = np.abs(np.diff(whole.mean(2), axis=axis)).max()
        assert np.abs(np.diff(tiled.mean(2), axis=axis)).max() <= 1.5 * largest + 65535 / 255 / 2


def test_a_scene_with_lamps_and_dark_corners_is_alike(enhancer):
    down, across = np.mgrid[0 : SIZE[0], 0 : SIZE[1]] / SIZE[0]
    lamps = sum(np.exp(-((across - x) ** 2 + (down - y) ** 2) / 0.01) for x, y in ((0.2, 0.3), (1.2, 0.7)))
    texture = 0.02 * np.sin(60 * across) * np.sin(45 * down)
    light = (0.03 + 0.05 * across + texture).clip(0, 1) + 0.7 * lamps
    noise = np.random.default_rng(0).normal(0, 0.008, (*SIZE, 3))
    pixels = ((light[..., None] * (1, 0.9, 0.7) + noise).clip(0, 1) * 255).astype(np.uint8)
    whole, tiled = _enhanced(enhancer, pixels, 0), _enhanced(enhancer, pixels, TILE)
    psnr = 10 * np.log10(255**2 / np.mean((whole - tiled) ** 2))
    assert psnr >= 40


def _spread_of_seams(enhancer, pixels, tile):
    """Mean difference of the 32 worst columns to the result of a whole pass, in 1/255."""
    whole, tiled = _enhanced(enhancer, pixels, 0), _enhanced(enhancer, pixels, tile)
    columns = np.abs(whole - tiled).mean((0, 2)) / 257
    return np.sort(columns)[-32:].mean()


def test_no_line_shows_where_tiles_meet_in_a_clear_sky(enhancer):
    """It is 0.37 with mixed codes, and 0.49 with the nearest ones."""
    photo = Path(__file__).parents[2] / "sample_images/street_8_megapixels.jpg"
    sky = np.asarray(Image.open(photo))[:192, 1900:2500]
    assert _spread_of_seams(enhancer, sky.astype(np.uint16) * np.uint16(257), 384) < 0.45


def test_no_line_shows_where_tiles_meet_in_a_gradient():
    """The worst columns have 1.0, and 0.72 with the nearest codes; it rises by 0.12 a column."""
    glare = make_runner(EnhanceSettings(model="glare", device="cpu")).enhancer
    ramp = np.linspace(0.08, 0.11, 432)[None, :, None] * np.linspace(1, 0.8, 160)[:, None, None]
    pixels = (ramp * np.array([1, 0.9, 0.8]) * 65535).astype(np.uint16)
    assert _spread_of_seams(glare, pixels, 256) < 1.1
    difference = _enhanced(glare, pixels, 256) - _enhanced(glare, pixels, 0)
    assert np.abs(np.diff(difference.mean((0, 2)))).max() / 257 < 0.2


def test_a_batch_is_like_single_pictures(enhancer):
    pictures = [
        np.random.default_rng(seed).integers(0, 60, (64, 96, 3)).astype(np.uint8) for seed in range(8)
    ]
    forward = ModelRunner(
        enhancer, EnhanceParams(Controls()), Limits(2**20), device=torch.device("cpu"), precision=FP32
    )
    together = forward(pictures)
    alone = [forward([picture])[0] for picture in pictures]
    assert max(np.abs(one.astype(int) - two).max() for one, two in zip(together, alone, strict=True)) <= 1
