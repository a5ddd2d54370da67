"""What an unforeseen exception of a batch costs: the images that fail alone, and no others."""

import json
from pathlib import Path

import pytest
import torch

from lowlight_cli.device import BF16, FP32
from lowlight_cli.inference import frames
from lowlight_cli.inference.engine import run_plan
from lowlight_cli.inference.forward import Forward, Look
from lowlight_cli.inference.limits import Limits
from lowlight_cli.inference.manifest import read_manifest
from lowlight_cli.inference.memory import DeviceLostError, is_lost, is_shortage
from lowlight_cli.inference.notices import Notices
from lowlight_cli.inference.pace import Pace
from lowlight_cli.inference.plan import plan_jobs
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.identity import Identity

CPU = torch.device("cpu")


class Moody(Identity):
    """Raises where ``rejects`` says so of images and whether they are in 16 bits; notes all passes."""

    def __init__(self, rejects, failure=None):
        super().__init__()
        self.rejects = rejects
        self.failure = failure or IndexError("list index out of range")
        self.passes = []

    def enhance(self, images, controls, *, observation=None, reference=None):
        is_short = torch.is_autocast_enabled("cpu")
        self.passes.append((len(images), is_short))
        if self.rejects(images, is_short):
            raise self.failure
        return images


@pytest.fixture
def plan(make_picture, tmp_path):
    """Six pictures of one size; the fourth is nearly white."""
    for number in range(6):
        make_picture(tmp_path / "in" / f"{number}.png", seed=number)
    from PIL import Image

    Image.new("RGB", (48, 32), (255, 255, 255)).save(tmp_path / "in" / "3.png")
    return plan_jobs([tmp_path / "in"], str(tmp_path / "out"))


def _run(plan, model, *, precision=FP32, batch_size=6, told=None, limits=None):
    notices = Notices(told.append) if told is not None else None
    limits = limits or Limits(2**20)
    forward = Forward(model, Look(Controls()), limits, device=CPU, precision=precision, notices=notices)
    crashes = []
    report = run_plan(
        plan,
        forward,
        Pace(workers=1, batch_size=batch_size),
        on_crash=lambda row, error: crashes.append((row.source.name, error)),
    )
    return report, crashes


def _by_name(report):
    return sorted(report.rows, key=lambda row: row.source)


def _is_white(images, is_short):
    return bool((images == 1).flatten(1).all(1).any())


@pytest.mark.parametrize("precision", [FP32, BF16], ids=["fp32", "bf16"])
def test_one_odd_image_costs_itself_alone(plan, precision):
    told, model = [], Moody(_is_white)
    report, crashes = _run(plan, model, precision=precision, told=told)
    rows = _by_name(report)
    assert [row.status for row in rows] == ["ok"] * 3 + ["failed"] + ["ok"] * 2
    assert (rows[3].code, rows[3].message) == (
        "internal",
        "IndexError: list index out of range",
    )
    assert report.exit_code == 3
    assert [(name, str(error)) for name, error in crashes] == [("3.png", "list index out of range")]
    assert len(list(plan.folder.glob("*.png"))) == 5
    assert model.passes[1:] == [(1, False)] * 6
    assert len([text for text in told if "computed alone in fp32" in text]) == 1


def test_a_format_that_fails_is_replaced_by_float32(plan):
    report, crashes = _run(plan, Moody(lambda images, is_short: is_short), precision=BF16, batch_size=2)
    assert report.count("ok") == 6
    assert not crashes


def test_a_single_image_in_float32_is_not_computed_twice(plan):
    model = Moody(_is_white)
    report, crashes = _run(plan, model, batch_size=1)
    assert report.count("ok") == 5
    assert len(crashes) == 1
    assert len(model.passes) == 6


def test_no_traceback_stays_in_the_report(plan):
    report, crashes = _run(plan, Moody(_is_white))
    assert crashes[0][1].__traceback__ is not None
    assert all(row.crash is None for row in report.rows)


def test_an_exception_that_tells_of_memory_is_a_lack_of_memory(plan):
    class OpenCvError(Exception):
        """Not a ``RuntimeError``, so no step is taken to smaller passes."""

    failure = OpenCvError(
        "(-4:Insufficient memory) Failed to allocate 9 bytes in function 'OutOfMemoryError'"
    )
    report, crashes = _run(plan, Moody(_is_white, failure))
    assert _by_name(report)[3].code == "oom"
    assert not crashes


@pytest.mark.parametrize("place", ["read_ahead.decode", "write_behind.encode_bytes"])
def test_a_bug_in_reading_or_writing_costs_one_image(plan, monkeypatch, place):
    import importlib

    module, name = place.split(".")
    module = importlib.import_module(f"lowlight_cli.inference.{module}")
    plain, calls = getattr(module, name), []

    def fail_once(*values):
        calls.append(values)
        if len(calls) == 2:
            raise IndexError("list index out of range")
        return plain(*values)

    monkeypatch.setattr(module, name, fail_once)
    report, crashes = _run(plan, Identity())
    assert [row.status for row in report.rows].count("ok") == 5
    assert {row.code for row in report.rows} == {"", "internal"}
    assert [name for name, _ in crashes] == ["1.png"]


ILLEGAL = torch.AcceleratorError("CUDA error: an illegal memory access was encountered\nmore lines")


@pytest.mark.parametrize(("batch_size", "failed", "left"), [(1, 1, 2), (2, 0, 4)])
def test_a_lost_device_ends_the_run_with_all_that_was_made(plan, monkeypatch, batch_size, failed, left):
    monkeypatch.setattr(frames, "is_lost", lambda device: True)
    model = Moody(_is_white, ILLEGAL)
    report, crashes = _run(plan, model, batch_size=batch_size)
    assert isinstance(report.ended_by, DeviceLostError)
    assert "an illegal memory access was encountered" in str(report.ended_by)
    assert "more lines" not in str(report.ended_by)
    assert (report.exit_code, report.count("failed"), report.left) == (7, failed, left)
    assert report.count("ok") == len(list(plan.folder.glob("*.png"))) == 6 - failed - left
    assert [row.code for row in report.rows if row.status == "failed"] == ["device"] * failed
    assert not crashes


def test_a_device_that_answers_is_not_lost(plan, monkeypatch):
    report, crashes = _run(plan, Moody(_is_white, ILLEGAL))
    assert report.ended_by is None
    assert _by_name(report)[3].code == "internal"
    assert len(crashes) == 1


@pytest.mark.parametrize(
    ("failure", "lost"),
    [(None, False), (ILLEGAL, True), (torch.OutOfMemoryError("CUDA out of memory"), False)],
    ids=["answers", "illegal", "full"],
)
def test_a_device_is_lost_where_it_refuses_the_smallest_computation(monkeypatch, failure, lost):
    def zeros(*_, **__):
        if failure:
            raise failure
        return torch.ones(1)

    monkeypatch.setattr(torch, "zeros", zeros)
    assert is_lost(torch.device("cuda", 0)) is lost
    assert not is_lost(CPU)


@pytest.mark.parametrize(
    "text", ["shape '[2, 3]' is invalid", "CUDA error: device-side assert triggered", ""]
)
def test_other_errors_are_no_lack_of_memory(text):
    assert not is_shortage(RuntimeError(text))


def test_the_crash_log_names_the_image(run_lle, make_picture, tmp_path, monkeypatch):
    make_picture(tmp_path / "in" / "odd.png", seed=1)
    monkeypatch.setattr(Identity, "enhance", Moody(lambda *_: True).enhance)
    options = ("-o", tmp_path / "out", "-m", "identity", "--device", "cpu", "--precision", "fp32")
    run = run_lle("enhance", tmp_path / "in", *options)
    assert run.code == 4
    assert "odd.png  internal: IndexError: list index out of range" in run.err
    line = next(line for line in run.err.splitlines() if line.startswith("lle: error: 1 image failed"))
    log = Path(line.rpartition(" ")[2]).read_text()
    assert f"internal error in {tmp_path / 'in' / 'odd.png'}" in log
    assert "Traceback (most recent call last)" in log


def test_a_log_file_takes_the_traceback(run_lle, make_picture, tmp_path, monkeypatch):
    make_picture(tmp_path / "in" / "odd.png", seed=1)
    monkeypatch.setattr(Identity, "enhance", Moody(lambda *_: True).enhance)
    options = ("-o", tmp_path / "out", "-m", "identity", "--device", "cpu", "--precision", "fp32")
    run = run_lle("--log-file", tmp_path / "run.log", "enhance", tmp_path / "in", *options)
    assert run.code == 4
    assert "Traceback" in (tmp_path / "run.log").read_text()
    assert "Traceback" not in run.err
    assert "Traceback" in run_lle("-vv", "enhance", tmp_path / "in", *options, "--on-exist", "overwrite").err


def test_a_run_goes_on_where_a_device_was_lost(run_lle, make_picture, tmp_path, monkeypatch):
    for number in range(4):
        make_picture(tmp_path / "in" / f"{number}.png", seed=number)
    model = Moody(lambda *_: len(model.passes) == 3, ILLEGAL)
    options = (
        tmp_path / "in",
        "-o",
        tmp_path / "out",
        "-m",
        "identity",
        "--device",
        "cpu",
        "--precision",
        "fp32",
    )
    with monkeypatch.context() as patch:
        patch.setattr(frames, "is_lost", lambda device: True)
        patch.setattr(Identity, "enhance", model.enhance)
        run = run_lle("enhance", *options, "--json")
    end = json.loads(run.out.splitlines()[-1])
    assert (run.code, end["ok"], end["failed"], end["left"], end["exit"]) == (7, 2, 1, 1, 7)
    assert "lle: error: cpu can no longer be used: CUDA error: an illegal memory access" in run.err
    first = {entry.input: entry.status for entry in read_manifest(tmp_path / "out").values()}
    assert first == {"0.png": "ok", "1.png": "ok", "2.png": "failed"}
    end = json.loads(run_lle("enhance", *options, "--json").out.splitlines()[-1])
    assert (end["ok"], end["skipped"], end["exit"]) == (2, 2, 0)
