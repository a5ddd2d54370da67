"""A run as a whole: rows, order, interruption, a full disk."""

import errno
import os
import signal
import threading
import weakref
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from lowlight_cli.device import FP32
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.identity import Identity
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.decode_ahead import read_ahead
from lowlight_cli.pipeline.encode_behind import WriteBehind
from lowlight_cli.pipeline.engine import run_plan
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.plan import plan_jobs
from lowlight_cli.pipeline.report import Report, Row
from lowlight_cli.pipeline.signals import Stopped


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A stopped run waits for its writers, however busy the machine is."""
    monkeypatch.setattr("lowlight_cli.pipeline.engine._GRACE_S", 60.0)


class Stopping(Identity):
    """Behaves as if a signal came in the middle of the third image."""

    def __init__(self, stop):
        super().__init__()
        self.stop = stop
        self.calls = 0

    def enhance(self, images, controls, *, observation=None, reference=None):
        self.calls += 1
        if self.calls == 3:
            self.stop()
        return images


def _forward(enhancer=None):
    return ModelRunner(
        enhancer or Identity(),
        EnhanceParams(Controls()),
        Limits(2**20),
        device=torch.device("cpu"),
        precision=FP32,
    )


@pytest.fixture
def plan(make_picture, tmp_path):
    for number in range(8):
        make_picture(tmp_path / "in" / f"{number}.png", seed=number)
    return plan_jobs([tmp_path / "in"], str(tmp_path / "out"))


def test_every_job_becomes_a_row_in_order(plan):
    rows = []
    report = run_plan(plan, _forward(), PipelineConfig(workers=3), on_row=rows.append)
    assert [row.source for row in rows] == [job.source for job in plan.jobs]
    assert tuple(rows) == report.rows
    assert (report.exit_code, report.left, report.megapixels) == (0, 0, pytest.approx(8 * 48 * 32 / 1e6))
    assert all(job.target.exists() for job in plan.jobs)


@pytest.mark.parametrize("batch_size", [1, 3])
def test_jobs_that_come_meanwhile_belong_to_the_run(plan, batch_size):
    further = [plan.jobs[3:4], plan.jobs[4:]]
    first = replace(plan, jobs=plan.jobs[:3])
    config = PipelineConfig(workers=2, batch_size=batch_size)
    report = run_plan(first, _forward(), config, more_jobs=lambda: further.pop(0) if further else ())
    assert [row.source for row in report.rows] == [job.source for job in plan.jobs]
    assert (report.count("ok"), report.left) == (8, 0)


def test_jobs_that_came_and_were_not_reached_are_left(plan):
    def stop(row):
        if not rows:  # a second one would end the program
            signal.raise_signal(signal.SIGINT)
        rows.append(row)

    rows, further = [], [plan.jobs[3:]]
    first = replace(plan, jobs=plan.jobs[:3])
    more = lambda: further.pop() if further else ()  # noqa: E731
    report = run_plan(first, _forward(), PipelineConfig(), on_row=stop, more_jobs=more)
    assert report.exit_code == 130
    assert report.left == 8 - len(report.rows)


@pytest.mark.parametrize(("stop", "code"), [(KeyboardInterrupt, 130), (Stopped(signal.SIGTERM), 143)])
def test_an_interrupted_run_leaves_whole_files_only(plan, stop, code):
    reached = threading.Semaphore(0)

    def interrupt():
        # A result whose thread did not start yet is dropped, so both must be about to be written.
        assert all(reached.acquire(timeout=60) for _ in range(2))
        raise stop

    report = run_plan(
        plan, _forward(Stopping(interrupt)), PipelineConfig(), before_write=lambda *_: reached.release()
    )
    assert report.exit_code == code
    assert (report.count("ok"), report.left) == (2, 6)
    assert sorted(path.name for path in plan.folder.iterdir()) == ["0.png", "1.png"]


def test_sigterm_ends_a_run_politely(plan):
    before = signal.getsignal(signal.SIGTERM)
    report = run_plan(plan, _forward(Stopping(lambda: signal.raise_signal(signal.SIGTERM))), PipelineConfig())
    assert report.exit_code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_full_disk_ends_the_run(plan, monkeypatch):
    def fail(_number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    report = run_plan(plan, _forward(), PipelineConfig(workers=1))
    assert report.exit_code == 8
    assert report.rows[-1].code == "disk_full"
    assert list(plan.folder.iterdir()) == []


def test_what_was_written_before_the_disk_was_full_is_reported(plan, monkeypatch):
    sync, calls = os.fsync, []

    def fail_third(number):
        calls.append(number)
        if len(calls) >= 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(number)

    monkeypatch.setattr(os, "fsync", fail_third)
    report = run_plan(plan, _forward(), PipelineConfig(workers=1))
    assert report.count("ok") == len(list(plan.folder.iterdir())) == 2
    assert len(report.rows) + report.left == 8


@pytest.mark.parametrize(("limit", "left"), [(1, 7), (3, 5), (None, 0)])
def test_a_run_ends_after_so_many_failures(plan, limit, left):
    for job in plan.jobs:
        job.source.write_bytes(b"no picture")
    report = run_plan(plan, _forward(), PipelineConfig(max_errors=limit))
    assert report.left == left
    assert report.exit_code == (4 if left == 0 else 3)


def test_what_was_written_is_reported_even_after_a_failing_callback(plan):
    rows = []

    def fail_once(row):
        rows.append(row)
        if len(rows) == 1:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run_plan(plan, _forward(), PipelineConfig(workers=4), on_row=fail_once)
    assert {row.target for row in rows} == set(plan.folder.iterdir())


def test_a_signal_during_the_row_callback_takes_effect_after_it(plan):
    rows = []

    def collect(row):
        if not rows:  # a second one would end the program
            signal.raise_signal(signal.SIGINT)
        rows.append(row)

    report = run_plan(plan, _forward(), PipelineConfig(workers=1), on_row=collect)
    assert report.exit_code == 130
    assert rows == list(report.rows)
    assert {row.target for row in rows} == set(plan.folder.iterdir())


def test_a_job_without_a_row_is_a_bug(plan, monkeypatch):
    monkeypatch.setattr("lowlight_cli.pipeline.engine.read_ahead", lambda *_: iter(()))
    with pytest.raises(RuntimeError, match="8 jobs gave 0 rows"):
        run_plan(plan, _forward(), PipelineConfig())


def test_threads_end_with_the_run(plan):
    run_plan(plan, _forward(), PipelineConfig(workers=2))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("encode")]


def test_reading_ahead_is_bounded_by_pixels(plan, monkeypatch):
    begun = []
    monkeypatch.setattr(
        "lowlight_cli.pipeline.decode_ahead.decode", lambda path, *_: begun.append(path) or 1 / 0
    )
    stream = read_ahead(plan.jobs, PipelineConfig(workers=4, queue_pixels=2 * 48 * 32))
    assert isinstance(next(stream).crash, ZeroDivisionError)
    assert len(begun) <= 3  # the one that is handed over makes room for the third


def test_the_default_pace_fits_a_large_photo():
    assert PipelineConfig().queue_pixels >= 24_000_000


def _row(status, code=""):
    return Row(Path("a"), Path("b"), status, code)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], 0),
        ([_row("ok"), _row("skipped")], 0),
        ([_row("ok"), _row("failed", "truncated")], 3),
        ([_row("skipped"), _row("failed", "truncated")], 3),
        ([_row("failed", "truncated")], 4),
        ([_row("ok"), _row("failed", "disk_full")], 8),
        ([_row("ok"), _row("conflict", "conflict")], 3),
        ([_row("conflict", "conflict")], 3),
    ],
)
def test_exit_codes_follow_the_rows(rows, code):
    assert Report(rows, 1.0).exit_code == code
    assert Report(rows, 1.0, stopped_by=130).exit_code == 130


def test_no_source_is_kept_while_results_are_waited_for(plan, monkeypatch):
    sources = []
    put, wait_for_oldest = WriteBehind.put, WriteBehind.wait_for_oldest

    def put_and_note(self, item, result, seconds):
        sources.append(weakref.ref(item.picture.pixels))
        put(self, item, result, seconds)

    def wait_and_look(self):
        assert not [source for source in sources if source() is not None]
        wait_for_oldest(self)

    monkeypatch.setattr(WriteBehind, "put", put_and_note)
    monkeypatch.setattr(WriteBehind, "wait_for_oldest", wait_and_look)
    monkeypatch.setattr(WriteBehind, "should_collect", property(lambda self: not self.is_idle))
    report = run_plan(plan, _forward(), PipelineConfig(workers=1, batch_size=1))
    assert len(sources) == len(report.rows) == len(plan.jobs)
