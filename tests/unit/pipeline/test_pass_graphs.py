"""Passes that are recorded once and replayed: the same results, no more graphs than allowed, no error."""

from unittest.mock import MagicMock, create_autospec

import numpy as np
import pytest
import torch

from lowlight_cli.device import BF16, FP32
from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.identity import Identity
from lowlight_cli.pipeline import frames
from lowlight_cli.pipeline.begin_pass import begin_pass
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.engine import run_plan
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.pass_graphs import (
    FIRST_PASSES,
    MOST_GRAPHS,
    Computed,
    CudaRecorder,
    PassGraphs,
    graphs_for,
)
from lowlight_cli.pipeline.plan import plan_jobs
from lowlight_cli.pipeline.tone import Tone
from tests.contracts.narrow_models import CASES, narrow_model, narrowed

CPU = torch.device("cpu")
EVERYTHING = EnhanceParams(Controls(texture=0.7), strength=0.6, seed=3, tone=Tone(1.2, 0.8))
PLAIN = EnhanceParams(Controls())
SHAPE = (50, 70, 3)


class FakeRecorder:
    """Runs work again into the tensors of the first time, as a graph does; counts both."""

    def __init__(self, failure=None):
        self.failure = failure
        self.recorded = 0
        self.replayed = 0

    def record(self, work):
        if self.failure is not None:
            raise self.failure
        self.recorded += 1
        made = work()

        def replay():
            self.replayed += 1
            for kept, again in zip(made, work(), strict=True):
                kept.copy_(again)
            return Computed(*(each.clone() for each in made))  # what the copy to the host is on a GPU

        return replay


def _runner(model, params=PLAIN, precision=FP32, limits=None, failure=None):
    runner = ModelRunner(model, params, limits or Limits(10**6), device=CPU, precision=precision)
    recorder = FakeRecorder(failure)
    runner.graphs = PassGraphs(recorder)
    return runner, recorder


def _pictures(seed, count=2, shape=SHAPE, depth=np.uint8):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, np.iinfo(depth).max + 1, shape, depth) for _ in range(count)]


def _assert_equal(made, wanted):
    assert len(made) == len(wanted)
    assert all(np.array_equal(a, b) for a, b in zip(made, wanted, strict=True))


@pytest.mark.parametrize("case", CASES)
def test_replayed_passes_give_what_the_runner_gives(case):
    runner, recorder = _runner(narrow_model(case), EVERYTHING)
    for number in range(FIRST_PASSES + 2):
        pictures = _pictures(number)
        _assert_equal(begin_pass(runner, pictures)(), runner(pictures))
    assert (recorder.recorded, recorder.replayed) == (1, 2)


def test_the_first_passes_of_a_shape_are_not_recorded():
    runner, recorder = _runner(Identity())
    for number in range(FIRST_PASSES):
        begin_pass(runner, _pictures(number))()
        begin_pass(runner, _pictures(number, count=3))()
    assert recorder.recorded == 0


def test_counts_sizes_and_depths_have_graphs_of_their_own():
    runner, recorder = _runner(Identity())
    kinds = [{}, {"count": 3}, {"shape": (70, 50, 3)}, {"depth": np.uint16}]
    for number in range(2 * FIRST_PASSES):
        for kind in kinds:
            pictures = _pictures(number, **kind)
            _assert_equal(begin_pass(runner, pictures)(), pictures)
    assert (recorder.recorded, recorder.replayed) == (len(kinds), len(kinds) * FIRST_PASSES)


def test_passes_in_two_formats_are_not_mixed_up():
    runner, recorder = _runner(Breaking(), precision=BF16)
    for exact in (False, True):
        for number in range(FIRST_PASSES + 1):
            pictures = _pictures(number)
            _assert_equal(begin_pass(runner.in_float32() if exact else runner, pictures)(), pictures)
    assert recorder.recorded == 2


def test_the_graph_that_was_not_used_longest_goes():
    runner, recorder = _runner(Identity())

    def repeat(count, times):
        for _ in range(times):
            begin_pass(runner, _pictures(0, count=count))()

    for count in range(1, MOST_GRAPHS + 1):
        repeat(count, FIRST_PASSES + 1)
    repeat(1, 1)
    repeat(MOST_GRAPHS + 1, FIRST_PASSES + 1)  # drops the graph of 2
    before = recorder.recorded
    repeat(1, 1)
    repeat(2, 2 * FIRST_PASSES)
    assert recorder.recorded == before == MOST_GRAPHS + 1
    repeat(2, 1)
    assert recorder.recorded == before + 1


@pytest.mark.parametrize(
    "failure",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        torch.AcceleratorError("CUDA error: operation not permitted when stream is capturing"),
        RuntimeError("Offset increment outside graph capture encountered unexpectedly."),
    ],
    ids=["memory", "waits", "random"],
)
def test_a_recording_that_fails_costs_no_result_and_is_not_tried_again(failure):
    warnings = []
    runner, recorder = _runner(Identity(), failure=failure)
    runner.warnings.warn_once = lambda *words: warnings.append(words)
    for number in range(FIRST_PASSES + 1):
        pictures = _pictures(number)
        _assert_equal(begin_pass(runner, pictures)(), pictures)
    recorder.failure = None
    for number in range(2 * FIRST_PASSES):
        begin_pass(runner, _pictures(number))()
    assert recorder.recorded == 0
    assert warnings == []


def test_a_pass_that_fails_later_drops_all_graphs():
    runner, recorder = _runner(Identity())
    for number in range(FIRST_PASSES + 1):
        begin_pass(runner, _pictures(number))()
    recorder.record = None
    runner.enhancer.enhance = _fail
    with pytest.raises(RuntimeError, match="a kernel failed"):
        begin_pass(runner, _pictures(0))
    assert not runner.graphs.stop()


def _fail(*_, **__):
    raise RuntimeError("a kernel failed")


def test_memory_of_graphs_is_freed_before_passes_get_smaller():
    runner, _ = _runner(Cramped())
    for number in range(FIRST_PASSES + 1):
        begin_pass(runner, _pictures(number))()
    said = []
    runner.warnings.warn_once = lambda *words: said.append(words)
    runner.enhancer.graphs = runner.graphs
    limits, pictures = runner.limits, _pictures(0, count=4)
    _assert_equal(runner(pictures), pictures)
    assert runner.limits == limits
    assert said == []


class Cramped(Identity):
    """Has no memory for four images while there are graphs."""

    graphs = None

    def enhance(self, images, controls, *, observation=None, reference=None):
        if self.graphs is not None and self.graphs._passes and len(images) == 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return images


class Breaking(Identity):
    """Gives NaN for white images in 16-bit formats."""

    def enhance(self, images, controls, *, observation=None, reference=None):
        white = images.flatten(1).amin(1) == 1
        is_short = torch.is_autocast_enabled("cpu")
        return torch.where((white & is_short).view(-1, 1, 1, 1), torch.nan, images)


def test_an_image_that_overflows_in_a_replayed_pass_is_computed_again_in_float32():
    runner, recorder = _runner(Breaking(), precision=BF16)
    white = np.full(SHAPE, 255, np.uint8)
    for number in range(FIRST_PASSES + 2):
        pictures = [*_pictures(number, count=1), white]
        made = begin_pass(runner, pictures)()
        assert not any(isinstance(each, ImageError) for each in made)
        _assert_equal(made, pictures)
    assert recorder.replayed == 2


def test_a_pass_that_takes_most_of_the_memory_is_not_recorded():
    side = 64
    runner, recorder = _runner(Identity(), limits=Limits(3 * side * side))
    for _ in range(FIRST_PASSES + 1):
        begin_pass(runner, _pictures(0, count=2, shape=(side, side, 3)))()
    assert recorder.recorded == 0


def test_runners_with_other_parameters_have_graphs_of_their_own():
    runner, recorder = _runner(Identity())
    other = runner.with_params(EVERYTHING)
    for _ in range(FIRST_PASSES + 1):
        begin_pass(other, _pictures(0))()
    assert recorder.recorded == 0


@pytest.mark.parametrize("case", CASES)
def test_models_that_may_draw_random_numbers_are_not_recorded(case):
    model = narrow_model(case)
    recorded = graphs_for(model, torch.device("cuda", 0))._recorder is not None
    assert recorded is model.is_recordable
    assert graphs_for(model, CPU)._recorder is None
    before = torch.get_rng_state()
    model.enhance(torch.full((1, 3, 64, 64), 0.2), Controls(temperature=1.0))
    draws = not torch.equal(before, torch.get_rng_state())
    assert not (recorded and draws)


@pytest.mark.parametrize("name", [name for name in MODELS if name != "identity"])
def test_all_models_but_two_are_recorded(name):
    entry = MODELS[name]
    model = entry.build(narrowed(entry.presets[entry.default_preset]))
    assert model.is_recordable is (name not in ("glare", "vqcnir"))
    assert all(model.showing(view).is_recordable for view in entry.views)


def test_a_run_replays_passes_and_writes_what_a_run_without_graphs_writes(
    make_picture, tmp_path, monkeypatch
):
    for number in range(12):
        make_picture(tmp_path / "in" / f"{number:02}.png", (40, 30), seed=number)
    monkeypatch.setattr(frames, "can_begin", lambda runner, pictures: True)
    plan = plan_jobs([tmp_path / "in"], str(tmp_path / "out"))
    runner, recorder = _runner(Identity())
    report = run_plan(plan, runner, PipelineConfig(batch_size=2, passes_ahead=1))
    assert report.count("ok") == 12
    assert (recorder.recorded, recorder.replayed) == (1, 4)
    for row in report.rows:
        assert np.array_equal(*(decode(path).pixels for path in (row.source, row.target)))


@pytest.fixture
def driver(monkeypatch):
    """Calls of torch.cuda that take the arguments of the real ones and do nothing."""
    calls = {}
    names = ("Stream", "CUDAGraph", "graph", "graph_pool_handle", "current_stream", "set_stream", "stream")
    for name in (*names, "device"):
        calls[name] = create_autospec(getattr(torch.cuda, name))
        monkeypatch.setattr(torch.cuda, name, calls[name])
    for name in ("graph", "stream", "device"):
        calls[name].return_value = MagicMock(**{"__exit__.return_value": None})
    return calls


def test_graphs_share_a_stream_and_their_memory(driver):
    recorder, works = CudaRecorder(CPU), [MagicMock(return_value=object()) for _ in range(2)]
    for work in works:
        replay = recorder.record(work)
        assert work.call_count == 2  # to warm up, and to record
        assert replay() is work.return_value
        assert work.call_count == 2
    first, second = driver["graph"].call_args_list
    assert first == second
    assert first.args[1:] == (driver["graph_pool_handle"].return_value, driver["Stream"].return_value)
    assert driver["CUDAGraph"].return_value.replay.call_count == 2
    assert driver["Stream"].call_count == driver["graph_pool_handle"].call_count == 1


def test_a_recording_that_fails_is_followed_by_one_that_does_not(driver):
    work = MagicMock(side_effect=[None, torch.AcceleratorError("operation not permitted")])
    with pytest.raises(torch.AcceleratorError, match="not permitted"):
        CudaRecorder(CPU).record(work)
    assert driver["graph"].call_count == 2
    assert driver["CUDAGraph"].return_value.replay.call_count == 0
    driver["set_stream"].assert_called_once_with(driver["current_stream"].return_value)
