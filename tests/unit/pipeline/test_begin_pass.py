"""Passes that are begun and collected later: the same results, in order, whatever fails."""

import numpy as np
import pytest
import torch

from lowlight_cli.device import BF16, FP32
from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.identity import Identity
from lowlight_cli.pipeline import frames
from lowlight_cli.pipeline.begin_pass import begin_pass, can_begin
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.engine import run_plan
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.plan import plan_jobs
from lowlight_cli.pipeline.tone import Tone
from tests.contracts.narrow_models import CASES, narrow_model

CPU = torch.device("cpu")
EVERYTHING = EnhanceParams(Controls(texture=0.7), strength=0.6, seed=3, tone=Tone(1.2, 0.8))


def _runner(model, params=EVERYTHING, precision=FP32, limits=None):
    return ModelRunner(model, params, limits or Limits(10**6), device=CPU, precision=precision)


def _pictures(count, depth=np.uint8, shape=(50, 70, 3)):
    rng = np.random.default_rng(0)
    return [rng.integers(0, np.iinfo(depth).max + 1, shape, depth) for _ in range(count)]


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("case", CASES)
def test_the_results_are_those_of_the_runner(case, depth):
    runner, pictures = _runner(narrow_model(case)), _pictures(3, depth)
    collected, expected = begin_pass(runner, pictures)(), runner(pictures)
    for made, wanted in zip(collected, expected, strict=True):
        assert made.dtype == depth
        assert np.array_equal(made, wanted)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_turned_and_read_only_pixels_are_taken(depth):
    (picture,) = _pictures(1, depth)
    turned = np.rot90(picture, 2)[:, ::-1]
    turned.flags.writeable = False
    (made,) = begin_pass(_runner(Identity(), EnhanceParams(Controls())), [turned])()
    assert np.array_equal(made, turned)


def test_every_value_of_16_bits_comes_through():
    ramp = np.arange(2**16, dtype=np.uint16).reshape(256, 256, 1).repeat(3, axis=2)
    (made,) = begin_pass(_runner(Identity(), EnhanceParams(Controls())), [ramp])()
    assert np.array_equal(made, ramp)


def test_passes_may_be_collected_later_and_own_their_memory():
    runner = _runner(Identity(), EnhanceParams(Controls()))
    first, second = _pictures(2), _pictures(3)
    waiting = [begin_pass(runner, first), begin_pass(runner, second)]
    results = [collect() for collect in waiting]
    for made, wanted in zip(results, (first, second), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(made, wanted, strict=True))
        assert all(each.flags.owndata or each.base.flags.owndata for each in made)


class Breaking(Identity):
    """Gives NaN for white images, in 16-bit formats only or always."""

    def __init__(self, always):
        super().__init__()
        self.always = always

    def enhance(self, images, controls, *, observation=None, reference=None):
        is_short = torch.is_autocast_enabled("cpu")
        white = images.flatten(1).amin(1) == 1
        return torch.where((white & (self.always or is_short)).view(-1, 1, 1, 1), torch.nan, images)


@pytest.mark.parametrize("precision", [FP32, BF16], ids=["fp32", "bf16"])
def test_an_image_that_is_not_finite_costs_only_itself(precision):
    pictures = [*_pictures(2), np.full((50, 70, 3), 255, np.uint8)]
    runner = _runner(Breaking(always=True), EnhanceParams(Controls()), precision)
    *fine, broken = begin_pass(runner, pictures)()
    assert all(np.array_equal(a, b) for a, b in zip(fine, pictures, strict=False))
    assert isinstance(broken, ImageError)
    assert broken.code == "nonfinite"


def test_an_image_that_overflows_is_computed_again_in_float32():
    white = np.full((50, 70, 3), 255, np.uint8)
    runner = _runner(Breaking(always=False), EnhanceParams(Controls()), BF16)
    assert np.array_equal(begin_pass(runner, [white])()[0], white)


class Bursting(Identity):
    """Gives infinity in 16-bit formats, and what it was given without."""

    def enhance(self, images, controls, *, observation=None, reference=None):
        return images + torch.inf if torch.is_autocast_enabled("cpu") else images


def test_infinity_is_found_before_a_curve_of_contrast_makes_white_of_it():
    (picture,), params = _pictures(1), EnhanceParams(Controls(), tone=Tone(contrast=1.5))
    exact, short = (_runner(Bursting(), params, precision) for precision in (FP32, BF16))
    assert np.array_equal(begin_pass(short, [picture])()[0], exact([picture])[0])


@pytest.mark.parametrize(
    ("pictures", "limits", "expected"),
    [
        (_pictures(2), Limits(10**6), True),
        (_pictures(2), Limits(64 * 80), True),
        (_pictures(1), Limits(10**6, tile=32), False),
        (_pictures(1) + _pictures(1, shape=(50, 71, 3)), Limits(10**6), True),
        (_pictures(1) + _pictures(1, shape=(50, 81, 3)), Limits(10**6), False),
        (_pictures(1) + _pictures(1, np.uint16), Limits(10**6), False),
    ],
    ids=["fits", "several passes", "tiles", "one padded size", "two padded sizes", "two depths"],
)
def test_which_images_are_begun(monkeypatch, pictures, limits, expected):
    runner = _runner(Framed(), limits=limits)
    assert not can_begin(runner, pictures)
    monkeypatch.setattr(runner, "device", torch.device("cuda"))
    assert can_begin(runner, pictures) is expected


class Framed(Identity):
    """Gets a frame, and sides that are multiples of 16."""

    size_multiple = 16
    frame = 4


class Blurring(Framed):
    """Makes a difference of what is around an image."""

    def enhance(self, images, controls, *, observation=None, reference=None):
        return torch.nn.functional.avg_pool2d(images, 9, 1, 4, count_include_pad=False)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "shapes", [[(50, 70), (49, 60), (41, 72)], [(1, 1), (2, 5), (8, 3)]], ids=["usual", "tiny"]
)
def test_sizes_that_are_padded_to_one_share_a_pass(shapes, depth):
    pictures = [_pictures(1, depth, shape=(*shape, 3))[0] for shape in shapes]
    runner = _runner(Blurring(), EnhanceParams(Controls()))
    made = begin_pass(runner, pictures)()
    for result, picture in zip(made, pictures, strict=True):
        assert result.dtype == depth
        assert np.array_equal(result, runner([picture])[0])


def test_of_several_sizes_too_only_what_is_not_finite_is_computed_again():
    pictures = [*_pictures(1), np.full((49, 60, 3), 255, np.uint8)]
    runner = _runner(Breaking(always=False), EnhanceParams(Controls()), BF16)
    assert all(np.array_equal(*each) for each in zip(begin_pass(runner, pictures)(), pictures, strict=True))


def test_a_batch_of_more_than_a_pass_holds_is_begun_in_several(plan, begun):
    runner = _runner(Identity(), EnhanceParams(Controls()), limits=Limits(2 * 40 * 30))
    report = run_plan(plan, runner, PipelineConfig(batch_size=6, passes_ahead=1))
    assert report.count("ok") == 9
    assert sorted(begun) == [2, 2, 2, 3]  # six of 40x30, three of 20x30


@pytest.fixture
def plan(make_picture, tmp_path):
    for number in range(9):
        make_picture(tmp_path / "in" / f"{number}.png", (40, 30) if number % 3 else (20, 30), seed=number)
    return plan_jobs([tmp_path / "in"], str(tmp_path / "out"))


@pytest.fixture
def begun(monkeypatch):
    """Lets the engine begin passes on the CPU; lists how many images each had."""
    counts = []

    def begin(runner, pictures):
        counts.append(len(pictures))
        return begin_pass(runner, pictures)

    monkeypatch.setattr(frames, "can_begin", lambda runner, pictures: True)
    monkeypatch.setattr(frames, "begin_pass", begin)
    return counts


@pytest.mark.parametrize("passes_ahead", [0, 1, 3])
def test_a_run_that_begins_passes_ahead_writes_every_image_once(plan, begun, passes_ahead):
    config = PipelineConfig(batch_size=2, passes_ahead=passes_ahead)
    report = run_plan(plan, _runner(Identity(), EnhanceParams(Controls())), config)
    assert sorted(row.source.name for row in report.rows) == [f"{number}.png" for number in range(9)]
    assert report.count("ok") == 9
    for row in report.rows:
        before, after = (decode(path).pixels for path in (row.source, row.target))
        assert np.array_equal(before, after)
    assert sum(begun) == 9


@pytest.mark.parametrize("passes_ahead", [1, 2])
def test_a_device_always_has_a_next_pass_while_results_are_taken(plan, begun, monkeypatch, passes_ahead):
    left = []

    def begin(runner, pictures):
        collect, index = begin_pass(runner, pictures), len(begun)
        begun.append(len(pictures))

        def taken():
            left.append(len(begun) - index - 1)
            return collect()

        return taken

    monkeypatch.setattr(frames, "begin_pass", begin)
    config = PipelineConfig(batch_size=1, passes_ahead=passes_ahead)
    assert run_plan(plan, _runner(Identity(), EnhanceParams(Controls())), config).count("ok") == 9
    assert left == [passes_ahead] * (9 - passes_ahead) + list(range(passes_ahead))[::-1]


@pytest.mark.parametrize("where", ["begin", "collect"])
def test_a_pass_that_fails_is_computed_again_without_haste(plan, begun, monkeypatch, where):
    def failing(runner, pictures):
        if where == "begin":
            raise torch.OutOfMemoryError("CUDA out of memory")

        def collect():
            raise RuntimeError("a kernel failed")

        return collect

    monkeypatch.setattr(frames, "begin_pass", failing)
    report = run_plan(
        plan, _runner(Identity(), EnhanceParams(Controls())), PipelineConfig(batch_size=2, passes_ahead=1)
    )
    assert report.count("ok") == 9
