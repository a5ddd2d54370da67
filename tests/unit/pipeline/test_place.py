"""Tiles know where they lie, so that each is lifted as that part of the whole image is."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lowlight_cli.device import FP32
from lowlight_cli.images.tiling import Tile
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import FRAME, PLACE
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.observations import placed
from tests.lift_alone import LiftAlone

CPU = torch.device("cpu")


class FramedLift(LiftAlone):
    """The lift alone, with the frame of learned models."""

    frame = FRAME


def enhanced(pictures, tile, *, is_one_scene=False, model=LiftAlone):
    forward = ModelRunner(
        model(),
        EnhanceParams(Controls()),
        Limits(2**21, tile=tile, overlap=32),
        device=CPU,
        precision=FP32,
    )
    return forward(pictures, is_one_scene=is_one_scene)


def backlit(height, width, seed=0):
    """A dark image with a lit part, and some noise."""
    down, across = np.mgrid[0:height, 0:width] / min(height, width)
    light = 0.03 + 0.7 * (across + 0.3 * down > 0.6)
    noise = np.random.default_rng(seed).normal(0, 0.02, (height, width, 3))
    return ((light[..., None] * (1, 0.9, 0.7) + noise).clip(0, 1) * 255).astype(np.uint8)


@settings(max_examples=12, deadline=None)
@given(st.integers(70, 400), st.integers(70, 400), st.sampled_from([64, 96, 160]))
def test_tiles_are_lifted_as_the_whole_is(height, width, tile):
    picture = backlit(height, width)
    for model in (LiftAlone, FramedLift):
        (whole,), (tiled,) = (enhanced([picture], each, model=model) for each in (0, tile))
        assert np.abs(whole.astype(int) - tiled).max() <= 1


def test_a_frame_hardly_changes_the_lift_inside():
    """Facts and positions are those of the image with its frame, so each part keeps its gain."""
    picture = backlit(400, 600)
    for tile in (0, 160):
        (plain,), (framed,) = (enhanced([picture], tile, model=each) for each in (LiftAlone, FramedLift))
        assert np.abs(plain.astype(int) - framed)[64:-64, 64:-64].mean() < 0.3
        assert abs(plain.mean() - framed.mean()) < 0.1


def test_so_are_those_of_a_picture_that_is_observed_on_a_smaller_copy():
    """But for a pixel here and there along a hard edge, which lies a little elsewhere in the copy."""
    picture = backlit(1100, 1450)
    (whole,), (tiled,) = enhanced([picture], 0), enhanced([picture], 512)
    differences = np.abs(whole.astype(int) - tiled)
    assert (differences <= 1).mean() > 0.999
    assert differences.max() <= 12


def test_frames_of_one_scene_are_lifted_alike_whole_and_by_tiles():
    frames = [backlit(90, 150, seed) for seed in range(3)]
    whole, tiled = (enhanced(frames, tile, is_one_scene=True) for tile in (0, 64))
    for one, other in zip(whole, tiled, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1


def test_a_lamp_that_moves_leaves_no_track():
    """All of a frame that is alike is lifted alike, wherever the lamp is in other frames."""
    frames = [np.full((64, 256, 3), 12, np.uint8) for _ in range(4)]
    for number, frame in enumerate(frames):
        frame[16:48, 64 * number + 8 : 64 * number + 56] = 220
    for frame, made in zip(frames, enhanced(frames, 0, is_one_scene=True), strict=True):
        assert len(np.unique(made[frame == 12])) == 1


def test_a_place_is_told_in_shares_of_the_whole():
    found = placed({"level": torch.zeros(2)}, Tile(40, 50, 20, 25), 80, 100)
    torch.testing.assert_close(found[PLACE], torch.tensor([[0.5, 0.5, 0.25, 0.25]]))
    assert set(found) == {"level", PLACE}


def test_a_model_without_facts_has_no_place():
    assert placed({}, Tile(0, 0, 1, 1), 2, 2) == {}


@pytest.mark.parametrize("size", [(1, 1), (3, 200)])
def test_small_and_long_pictures_go_through(size):
    (made,) = enhanced([np.full((*size, 3), 9, np.uint8)], 64)
    assert made.shape == (*size, 3)
    assert made.mean() > 9
