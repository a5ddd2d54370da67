"""Every run knows where its time went: seconds by stage."""

from dataclasses import asdict

import pytest
import torch

from lowlight_cli import accelerators
from lowlight_cli.device import FP32
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.identity import Identity
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.engine import run_plan
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.plan import plan_jobs
from lowlight_cli.pipeline.stages import StageClock, StageSeconds

CPU = torch.device("cpu")


def _runner(tile=None, reduced_above=None):
    params = EnhanceParams(Controls(), reduced_above=reduced_above)
    return ModelRunner(Identity(), params, Limits(10**6, tile), device=CPU, precision=FP32)


@pytest.fixture
def plan(tmp_path, make_picture):
    for index in range(3):
        make_picture(tmp_path / "in" / f"{index}.png", (200, 136), seed=index)
    return plan_jobs([tmp_path / "in"], f"{tmp_path}/out/")


@pytest.mark.parametrize("tile", [None, 64])
def test_a_run_reports_its_seconds_by_stage(plan, tile):
    report = run_plan(plan, _runner(tile), PipelineConfig())
    found = asdict(report.stages)
    assert min(found[name] for name in ("read", "wait_input", "copy_in", "model", "copy_out", "write")) > 0
    assert found["resize"] == 0
    one_after_the_other = ("wait_input", "copy_in", "model", "copy_out", "wait_output")
    assert sum(found[name] for name in one_after_the_other) <= report.seconds


def test_work_at_reduced_size_has_a_stage_of_its_own(plan):
    report = run_plan(plan, _runner(reduced_above=1000), PipelineConfig())
    assert report.count("ok") == 3
    assert report.stages.resize > 0


def test_the_second_run_of_a_model_counts_its_own_seconds_only(plan):
    runner = _runner()
    first = run_plan(plan, runner, PipelineConfig()).stages
    second = run_plan(plan, runner, PipelineConfig()).stages
    both = runner.clock.seconds()
    assert (both - first).read == pytest.approx(second.read)
    assert (both - first).model == pytest.approx(second.model)


def test_an_image_that_cannot_be_read_takes_reading_time_only(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    report = run_plan(plan_jobs([tmp_path], f"{tmp_path}/out/"), _runner(), PipelineConfig())
    assert report.stages.read > 0
    assert report.stages.model == report.stages.write == 0


def test_time_counts_for_its_stage_although_the_work_failed():
    clock = StageClock()
    with pytest.raises(RuntimeError), clock.timed("model"):
        raise RuntimeError
    assert clock.seconds().model > 0


class _Event:
    """An event that is over once it was waited for; each is 2 ms after the one before."""

    made = 0

    def __init__(self):
        _Event.made += 1
        self.number, self.is_over = _Event.made, False

    def query(self):
        return self.is_over

    def synchronize(self):
        self.is_over = True

    def elapsed_time(self, other):
        return 2.0 * (other.number - self.number)


def test_time_on_a_gpu_is_read_from_events_without_waiting_for_each(monkeypatch):
    monkeypatch.setattr(accelerators, "recorded_event", lambda device, has_time: _Event())
    clock, device = StageClock(), torch.device("cuda", 0)
    for stage in ("copy_in", "model", "model", "copy_out"):
        with clock.timed_on(device, stage):
            pass
    assert clock.seconds() == StageSeconds(copy_in=0.002, model=0.004, copy_out=0.002)


def test_a_lost_gpu_loses_its_times_and_no_more(monkeypatch):
    class Lost(_Event):
        def synchronize(self):
            raise RuntimeError("CUDA error: device lost")

    monkeypatch.setattr(accelerators, "recorded_event", lambda device, has_time: Lost())
    clock = StageClock()
    with clock.timed("read"):
        pass
    with clock.timed_on(torch.device("cuda", 0), "model"):
        pass
    found = clock.seconds()
    assert found.read > 0
    assert found.model == 0
