"""Runs with a process for each device: what becomes of images whose process ends, and when a run stops."""

import multiprocessing
import os
import re
import signal
import sys
from pathlib import Path

import pytest
import torch

from lowlight_cli.errors import LockedError, LowlightError, UnavailableError, WeightsError
from lowlight_cli.pipeline import device_run, worker_lock, worker_pool
from lowlight_cli.pipeline.device_run import run_on_devices
from lowlight_cli.pipeline.observer import Observer
from lowlight_cli.pipeline.plan import plan_jobs
from lowlight_cli.pipeline.request import EnhanceRequest
from lowlight_cli.pipeline.run_log import RunInfo
from lowlight_cli.pipeline.settings import EnhanceSettings, StopSettings
from lowlight_cli.pipeline.signals import Interruption
from lowlight_cli.pipeline.worker import ChunkRunner
from lowlight_cli.pipeline.worker_lock import wait_for_workers, working_in
from lowlight_cli.pipeline.worker_messages import WorkerTask
from lowlight_cli.pipeline.worker_process import WorkerProcess
from tests.unit.pipeline import fake_worker

INFO = RunInfo(run="2026-01-31T23:59:59Z-0000", version="1", model="m", preset=None, checkpoint_sha256=None)


class _Noted(Observer):
    def __init__(self):
        self.warnings, self.sources = [], []

    def warning(self, text):
        self.warnings.append(text)

    def working(self, source):
        self.sources.append(source.name)


@pytest.fixture
def run(run_in_fresh_processes, quick_workers):
    """As ``run_in_fresh_processes``, with processes that start at once."""
    return run_in_fresh_processes


@pytest.fixture
def run_in_fresh_processes(tmp_path, monkeypatch):
    """Runs images of these names on devices; gives the report, and sets ``run.observer`` and ``run.rows``."""
    monkeypatch.setattr(worker_pool, "serve", fake_worker.serve)

    def do(names, devices=("a", "b"), on_row=lambda row: None, **stop):
        for name in names:
            (tmp_path / "in").mkdir(exist_ok=True)
            (tmp_path / "in" / f"{name}.png").touch()
        (tmp_path / "out" / ".lle").mkdir(parents=True)
        plan = plan_jobs([tmp_path / "in"], f"{tmp_path / 'out'}/")
        do.observer, do.rows, do.started = _Noted(), [], []
        request = EnhanceRequest(settings=EnhanceSettings(stop=StopSettings(**stop)))

        def start(*words):
            do.started.append(words)
            return INFO

        def note(row):
            do.rows.append(row)
            on_row(row)

        return run_on_devices(plan, request, devices, "options", do.observer, note, start)

    do.out = tmp_path / "out"
    return do


def outcomes(report):
    return {row.source.stem: row.code or row.status for row in report.rows}


def names(kind, count):
    return [f"{kind}{i}" for i in range(count)]


def test_every_image_gets_one_row_and_one_result(run):
    report = run(names("a", 30))
    assert outcomes(report) == dict.fromkeys(names("a", 30), "ok")
    assert sorted(path.name for path in run.out.glob("*.png")) == sorted(f"a{i}.png" for i in range(30))
    assert report.rows == tuple(run.rows)
    assert (report.left, report.exit_code, report.stopped_by) == (0, 0, None)
    assert run.started == [("a,b", "fp32", f"{torch.get_num_threads()} threads")]
    assert sorted(run.observer.sources) == sorted(f"a{i}.png" for i in range(30))
    assert run.observer.warnings == ["less memory"]  # of two workers
    assert report.stages.read >= 3.0  # a second for each chunk


@pytest.mark.parametrize(("count", "is_expected"), [(200, True), (7, False)])
def test_a_process_gets_its_next_images_before_it_has_done_the_last(run, monkeypatch, count, is_expected):
    busy, begin = [], WorkerProcess.begin

    def noted(worker, chunk):
        busy.append(worker.is_busy)
        begin(worker, chunk)

    monkeypatch.setattr(WorkerProcess, "begin", noted)
    report = run(names("a", count))
    assert outcomes(report) == dict.fromkeys(names("a", count), "ok")
    assert (True in busy) is is_expected


def test_images_of_a_process_that_ends_are_done_by_another(run):
    report = run([*names("a", 10), "once"])
    assert set(outcomes(report).values()) == {"ok"}
    assert len(report.rows) == 11
    (text,) = set(run.observer.warnings) - {"less memory"}
    assert "ended (signal SIGKILL, as when memory runs out); its images are tried again" in text
    assert not list(run.out.glob("*lle-tmp*"))


def test_an_image_on_which_processes_end_twice_fails_alone(run):
    report = run([*names("a", 10), "deadly", *names("z", 10)])
    found = outcomes(report)
    assert found.pop("deadly") == "crashed"
    assert run.observer.sources.count("deadly.png") == 2
    assert set(found.values()) == {"ok"}
    assert (report.left, report.exit_code) == (0, 3)
    (row,) = [row for row in report.rows if row.code == "crashed"]
    assert "the process that worked on this image ended twice (signal SIGKILL" in row.message
    assert not list(run.out.glob("*lle-tmp*"))


def test_a_result_whose_process_ended_before_it_was_reported_counts_and_is_not_made_again(run):
    report = run([*names("a", 4), "written"])
    assert set(outcomes(report).values()) == {"ok"}
    assert run.observer.sources.count("written.png") == 1
    (row,) = [row for row in report.rows if row.source.stem == "written"]
    assert (row.width, row.height, row.output_bytes) == (2, 1, len(fake_worker.RESULT))


def test_a_device_whose_processes_always_end_is_given_up(run, monkeypatch):
    monkeypatch.setattr(worker_pool, "MOST_ENDS", 3)
    report = run(names("deadly", 20))
    assert isinstance(report.ended_by, UnavailableError)
    assert (report.exit_code, report.left > 0) == (7, True)
    assert "ended 3 times in a row" in str(report.ended_by)
    assert len(report.rows) + report.left == 20


@pytest.mark.parametrize("device", ["broken", "dying"])
@pytest.mark.parametrize("is_first", [True, False], ids=["first", "second"])
def test_a_device_that_cannot_load_the_model_is_left_out(run, device, is_first):
    report = run(names("slow", 6), devices=(device, "a") if is_first else ("a", device))
    assert set(outcomes(report).values()) == {"ok"}
    assert any(text.endswith(f"; going on without {device}") for text in run.observer.warnings)


@pytest.mark.parametrize(
    ("devices", "kind", "words"),
    [
        (("broken", "broken"), UnavailableError, "no memory on broken"),
        (("dying", "dying"), UnavailableError, "ended while it loaded the model (exit code 3)"),
        (("unweighted", "a"), WeightsError, "the weights are damaged"),
    ],
)
def test_a_model_that_cannot_be_loaded_ends_the_run_before_it_begins(run, devices, kind, words):
    with pytest.raises(kind) as caught:
        run(names("a", 3), devices=devices)
    assert isinstance(caught.value, LowlightError)
    assert words in str(caught.value)
    assert (run.rows, run.started) == ([], [])


@pytest.mark.parametrize(
    ("kind", "stop", "code"),
    [("fails", {"max_errors": 2}, 3), ("fails", {"fail_fast": True}, 3), ("full", {}, 8)],
    ids=["max-errors", "fail-fast", "disk full"],
)
def test_failures_end_a_run_early_and_every_image_is_accounted_for(run, kind, stop, code):
    report = run([kind, *names(f"{kind}", 2), *names("slow", 40)], **stop)
    assert (report.exit_code, report.stopped_by) == (code, None)
    assert report.left > 0
    assert len(report.rows) + report.left == 43
    made = {row.target for row in report.rows if row.status == "ok"}
    assert made == set(run.out.glob("*.png"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_stops_all_processes_after_their_image(run, number):
    def stop(row):
        if not sent:
            sent.append(row)
            os.kill(os.getpid(), number)

    sent = []
    report = run(names("slow", 40), on_row=stop)
    assert report.stopped_by == 128 + number
    assert 0 < len(report.rows) <= 6  # of chunks of ten
    assert len(report.rows) + report.left == 40
    made = {row.target for row in report.rows if row.status == "ok"}
    assert made == set(run.out.glob("*.png"))
    assert multiprocessing.active_children() == []


def test_a_process_that_does_not_stop_is_ended(run, monkeypatch):
    monkeypatch.setattr(device_run, "STOP_S", 0.3)
    monkeypatch.setattr("lowlight_cli.pipeline.worker_process.STOP_S", 0.3)
    stop = lambda self, source: source.stem == "stuck" and os.kill(os.getpid(), signal.SIGINT)  # noqa: E731
    monkeypatch.setattr(_Noted, "working", stop)
    report = run(["a", "stuck"])
    assert report.stopped_by == 130
    assert "stuck" not in outcomes(report)
    assert len(report.rows) + report.left == 2
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(
    ("devices", "threads", "text"),
    [
        (("cpu", "cpu"), 4, None),
        (("cuda:0", "cuda:1"), 8, None),
        (
            ("cpu", "cpu"),
            8,
            "2 processes with 8 threads each share 8 processors; OMP_NUM_THREADS=4 is faster",
        ),
        (("cpu",) * 9, 2, "9 processes with 2 threads each share 8 processors; OMP_NUM_THREADS=1 is faster"),
        (("cpu",) * 9, 1, None),
    ],
)
def test_processes_that_compete_for_processors_are_reported(monkeypatch, devices, threads, text):
    monkeypatch.setattr(device_run, "usable_processors", lambda: 8)
    assert device_run._thread_warning(devices, threads) == text


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_signals_of_a_terminal_do_not_reach_the_processes(run_in_fresh_processes):
    def look(row):
        for child in multiprocessing.active_children():
            status = Path(f"/proc/{child.pid}/status").read_text()
            blocked.append(int(re.search(r"SigBlk:\s*(\w+)", status)[1], 16))

    blocked = []
    run_in_fresh_processes(names("a", 2), on_row=look)
    both = 1 << signal.SIGINT - 1 | 1 << signal.SIGTERM - 1
    assert blocked
    assert all(mask & both == both for mask in blocked)
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_process_has_the_number_of_threads_that_it_is_given(tmp_path):
    settings = EnhanceSettings(model="identity", device="cpu")
    task = WorkerTask(settings=settings, folder=tmp_path, records="", options="", torch_threads=3)
    ChunkRunner(task, lambda message: None, Interruption())
    assert torch.get_num_threads() == 3


def test_a_run_waits_for_processes_of_a_killed_one(tmp_path, monkeypatch):
    monkeypatch.setattr(worker_lock, "_WAIT_S", 0.1)
    (tmp_path / ".lle").mkdir()
    wait_for_workers(tmp_path)
    with working_in(tmp_path, "-0-of-2"):
        wait_for_workers(tmp_path, "-1-of-2")
        for records in (None, "-0-of-2"):
            with pytest.raises(LockedError, match="processes of a run that was killed still write"):
                wait_for_workers(tmp_path, records)
    wait_for_workers(tmp_path)
