"""Running a model: batches, tiles, strength, and the ways out of trouble."""

import numpy as np
import pytest
import torch

from lowlight_cli.device import BF16, FP32
from lowlight_cli.errors import ImageError
from lowlight_cli.images.tiling import Tile
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.identity import Identity
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.tone import Tone

CPU = torch.device("cpu")


class MeanBrightener(Enhancer):
    """Adds the mean of the whole image: right with tiles only if it is measured on the whole."""

    size_multiple = 8

    def observe(self, images, controls, *, reference=None):
        source = images if reference is None else reference.expand(len(images), -1, -1, -1)
        return {"mean": source.mean((1, 2, 3), keepdim=True)}

    def enhance(self, images, controls, *, observation=None, reference=None):
        facts = observation or self.observe(images, controls, reference=reference)
        return (images + facts["mean"]).clamp(0, 1)


class Failing(Identity):
    """Has no memory for more than ``most`` pixels, and notes what it was asked for."""

    def __init__(self, most):
        super().__init__()
        self.most = most
        self.asked = []

    def enhance(self, images, controls, *, observation=None, reference=None):
        self.asked.append(tuple(images.shape))
        if images.shape[0] * images.shape[2] * images.shape[3] > self.most:
            raise torch.OutOfMemoryError
        return images


class Overflowing(Identity):
    """Gives infinity under autocast, and what it was given without."""

    def enhance(self, images, controls, *, observation=None, reference=None):
        return images * torch.inf if torch.is_autocast_enabled("cpu") else images


class Broken(Identity):
    """Gives NaN for images that begin white."""

    def enhance(self, images, controls, *, observation=None, reference=None):
        return torch.where(images[:, :, :1, :1] == 1, torch.nan, images)


def _forward(enhancer, *, params=None, limits=None, precision=FP32):
    params, limits = params or EnhanceParams(Controls()), limits or Limits(2**20)
    return ModelRunner(enhancer, params, limits, device=CPU, precision=precision)


def _pixels(height, width, seed=0, depth=np.uint8):
    return np.random.default_rng(seed).integers(0, 100, (height, width, 3), dtype=depth)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (31, 33), (300, 200)])
def test_identity_whole_and_by_tiles(size, depth):
    pixels = _pixels(*size, depth=depth)
    for limits in (Limits(2**20), Limits(2**20, tile=128), Limits(2**14, overlap=16)):
        (result,) = _forward(Identity(), limits=limits)([pixels])
        assert result.dtype == depth
        assert np.array_equal(result, pixels)


class FarSighted(Failing):
    """Wants its tiles to share 32 pixels."""

    tile_overlap = 32


@pytest.mark.parametrize(("asked", "plain", "far_sighted"), [(0, 4, 5), (8, 4, 5), (32, 5, 5)])
def test_tiles_share_as_much_as_the_model_needs(asked, plain, far_sighted):
    for kind, tiles in ((Failing, plain), (FarSighted, far_sighted)):
        model, pixels = kind(10**6), _pixels(128, 440)
        (result,) = _forward(model, limits=Limits(2**20, tile=128, overlap=asked))([pixels])
        assert np.array_equal(result, pixels)
        assert len(model.asked) == tiles


def test_tiles_share_what_was_seen_of_the_whole():
    pixels = _pixels(300, 500)
    pixels[:, 250:] += 100
    (whole,) = _forward(MeanBrightener())([pixels])
    (tiled,) = _forward(MeanBrightener(), limits=Limits(2**20, tile=128))([pixels])
    assert np.abs(whole.astype(int) - tiled).max() <= 1


def test_a_batch_gives_what_single_pictures_give():
    pictures = [_pixels(17, 23, seed) for seed in range(4)]
    forward = _forward(MeanBrightener())
    together = forward(pictures)
    assert all(
        np.array_equal(forward([one])[0], result) for one, result in zip(pictures, together, strict=True)
    )


def test_no_strength_gives_the_original():
    pixels = _pixels(16, 16)
    (result,) = _forward(MeanBrightener(), params=EnhanceParams(Controls(), strength=0.0))([pixels])
    assert np.array_equal(result, pixels)


def test_the_reference_reaches_the_model():
    params = EnhanceParams(Controls(), reference=torch.full((1, 3, 5, 7), 0.5))
    (result,) = _forward(MeanBrightener(), params=params)([np.zeros((8, 8, 3), np.uint8)])
    assert (result == 128).all()


def test_a_batch_that_does_not_fit_is_halved():
    enhancer = Failing(most=2 * 64)
    pictures = [_pixels(8, 8, seed) for seed in range(4)]
    results = _forward(enhancer)(pictures)
    assert all(np.array_equal(one, result) for one, result in zip(pictures, results, strict=True))
    assert [shape[0] for shape in enhancer.asked] == [4, 2, 2]


def test_a_picture_that_does_not_fit_is_cut_into_smaller_and_smaller_tiles():
    enhancer = Failing(most=150 * 150)
    pixels = _pixels(400, 400)
    (result,) = _forward(enhancer, limits=Limits(2**18))([pixels])
    assert np.array_equal(result, pixels)
    sides = [shape[2] for shape in enhancer.asked]
    assert sides[0] == 400
    assert sides[-1] <= 150


def test_a_picture_that_never_fits_fails_alone():
    (result,) = _forward(Failing(most=10))([_pixels(300, 300)])
    assert isinstance(result, ImageError)
    assert result.code == "oom"


def test_an_error_of_the_model_is_not_taken_for_a_lack_of_memory():
    class Faulty(Identity):
        def enhance(self, images, controls, *, observation=None, reference=None):
            raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        _forward(Faulty())([_pixels(8, 8)])


@pytest.mark.parametrize("tile", [None, 32], ids=["whole", "tiles"])
@pytest.mark.parametrize("contrast", [1.0, 1.5])  # a curve of contrast makes 1 of infinity
def test_what_overflows_is_computed_again_in_full_precision(contrast, tile):
    pixels = 1 + _pixels(100, 80)
    params, limits = EnhanceParams(Controls(), tone=Tone(contrast)), Limits(2**20, tile, 8)
    runner = _forward(Overflowing(), params=params, limits=limits, precision=BF16)
    (result,) = runner([pixels])
    exact = _forward(Overflowing(), params=params, limits=limits)
    assert np.array_equal(result, exact([pixels])[0])
    part = Tile(16, 24, 32, 40)
    assert np.array_equal(runner.enhance_part(pixels, part), exact.enhance_part(pixels, part))


def test_what_is_still_not_finite_fails_alone():
    white, dark = np.full((8, 8, 3), 255, np.uint8), _pixels(8, 8)
    first, second = _forward(Broken())([white, dark])
    assert isinstance(first, ImageError)
    assert first.code == "nonfinite"
    assert np.array_equal(second, dark)
