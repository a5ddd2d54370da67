"""Animations are one scene, pages are images of their own."""

import numpy as np
import pytest
import torch

from lowlight_cli.device import FP32
from lowlight_cli.errors import ImageError
from lowlight_cli.images.picture import Frame, Picture, Restore, still
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.pipeline.frames import enhance_frames
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.model_setup import make_runner
from lowlight_cli.pipeline.settings import EnhanceSettings

CPU = torch.device("cpu")


class MeanBrightener(Enhancer):
    """Adds the mean of what it saw of the whole."""

    size_multiple = 8

    def __init__(self):
        super().__init__()
        self.observed = 0

    def observe(self, images, controls, *, reference=None):
        self.observed += 1
        return {"mean": images.mean((1, 2, 3), keepdim=True)}

    def enhance(self, images, controls, *, observation=None, reference=None):
        facts = observation or {"mean": images.mean((1, 2, 3), keepdim=True)}
        return (images + facts["mean"]).clamp(0, 1)


class Picky(MeanBrightener):
    """Gives no numbers for white frames."""

    def enhance(self, images, controls, *, observation=None, reference=None):
        return torch.where(images[:, :, :1, :1] == 1, torch.nan, images)


def _forward(enhancer, limits=None):
    limits = limits or Limits(2**20)
    return ModelRunner(enhancer, EnhanceParams(Controls()), limits, device=CPU, precision=FP32)


def _flat(*levels, size=(16, 24), pages=False):
    frames = tuple(Frame(np.full((*size, 3), level, np.uint8)) for level in levels)
    return Picture(frames, Restore("tiff" if pages else "gif", pages=pages))


@pytest.mark.parametrize("limits", [Limits(2**20), Limits(2**20, tile=128)], ids=["whole", "tiles"])
def test_all_frames_of_an_animation_get_the_same_gain(limits):
    enhancer = MeanBrightener()
    (result,) = enhance_frames([_flat(10, 20, 60, size=(160, 170))], _forward(enhancer, limits))
    assert [int(frame.pixels[0, 0, 0]) for frame in result.frames] == [40, 50, 90]
    assert enhancer.observed == 1


def test_pages_are_enhanced_by_themselves():
    (result,) = enhance_frames([_flat(10, 20, 60, pages=True)], _forward(MeanBrightener()))
    assert [int(frame.pixels[0, 0, 0]) for frame in result.frames] == [20, 40, 120]


def test_pages_may_differ_in_size_and_depth():
    frames = (Frame(np.full((5, 7, 3), 9, np.uint8)), Frame(np.full((30, 20, 3), 900, np.uint16)))
    (result,) = enhance_frames([Picture(frames, Restore("tiff", pages=True))], _forward(MeanBrightener()))
    assert [frame.pixels.shape for frame in result.frames] == [(5, 7, 3), (30, 20, 3)]
    assert [int(frame.pixels.max()) for frame in result.frames] == [18, 1800]
    assert result.frames[1].pixels.dtype == np.uint16


def test_single_pictures_go_as_a_batch():
    results = enhance_frames(
        [still(np.full((8, 8, 3), level, np.uint8)) for level in (3, 5)], _forward(MeanBrightener())
    )
    assert [int(result.pixels[0, 0, 0]) for result in results] == [6, 10]


def test_a_frame_that_fails_fails_the_picture():
    (result,) = enhance_frames([_flat(10, 255, 20)], _forward(Picky()))
    assert isinstance(result, ImageError)
    assert result.code == "nonfinite"


def test_the_scene_is_judged_by_frames_spread_over_it():
    seen = []

    class Watching(MeanBrightener):
        def observe(self, images, controls, *, reference=None):
            seen.append(round(images.mean().item() * 255, 3))
            return super().observe(images, controls, reference=reference)

    enhance_frames([_flat(*range(80))], _forward(Watching()))
    assert seen == [pytest.approx(39.5, abs=1.0)]


def test_an_animation_does_not_flicker_more_than_it_did(make_picture):
    forward = make_runner(EnhanceSettings(device="cpu"))
    animation = _flickering()
    (result,) = enhance_frames([animation], forward)
    before, after = _jitter(animation), _jitter(result)
    assert after <= 1.5 * before
    assert result.frames[0].pixels.mean() > 1.5 * animation.frames[0].pixels.mean()


def _flickering():
    """A lamp that moves through a dark room whose light wavers by some percent."""
    generator = np.random.default_rng(3)
    down, across = np.mgrid[0:64, 0:96] / 96
    frames = []
    for moment in range(10):
        lamp = 0.6 * np.exp(-((across - 0.1 * moment) ** 2 + (down - 0.3) ** 2) / 0.004)
        room = (0.08 + 0.05 * across) * generator.normal(1, 0.06)
        pixels = room + lamp + generator.normal(0, 0.01, room.shape)
        frames.append(Frame(np.dstack([pixels.clip(0, 1) * 255] * 3).astype(np.uint8), duration_ms=40))
    return Picture(tuple(frames), Restore("gif", loop=0))


def _jitter(picture):
    """Mean change of brightness from frame to frame, as a share of the brightness."""
    means = np.array([frame.pixels.mean() for frame in picture.frames])
    return np.abs(np.diff(means)).mean() / means.mean()
