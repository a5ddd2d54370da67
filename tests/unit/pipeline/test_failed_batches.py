"""What an unforeseen exception of a batch costs: the images that fail alone, and no others."""

import importlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from PIL import Image

from lowlight_cli.device import BF16, FP32
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.identity import Identity
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.device_errors import is_shortage
from lowlight_cli.pipeline.engine import run_plan
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from tests.unit.pipeline.failing_models import CPU, Moody, by_name, is_white, run


@pytest.mark.parametrize("precision", [FP32, BF16], ids=["fp32", "bf16"])
def test_one_odd_image_costs_itself_alone(odd_plan, precision):
    texts, model = [], Moody(is_white)
    report, crashes = run(odd_plan, model, precision=precision, texts=texts)
    rows = by_name(report)
    assert [row.status for row in rows] == ["ok"] * 3 + ["failed"] + ["ok"] * 2
    assert (rows[3].code, rows[3].message) == (
        "internal",
        "IndexError: list index out of range",
    )
    assert report.exit_code == 3
    assert [(name, str(error)) for name, error in crashes] == [("3.png", "list index out of range")]
    assert len(list(odd_plan.folder.glob("*.png"))) == 5
    assert model.passes[1:] == [(1, False)] * 6
    assert len([text for text in texts if "computed alone in fp32" in text]) == 1


def test_a_format_that_fails_is_replaced_by_float32(odd_plan):
    report, crashes = run(odd_plan, Moody(lambda images, is_short: is_short), precision=BF16, batch_size=2)
    assert report.count("ok") == 6
    assert not crashes


def test_a_single_image_in_float32_is_not_computed_twice(odd_plan):
    model = Moody(is_white)
    report, crashes = run(odd_plan, model, batch_size=1)
    assert report.count("ok") == 5
    assert len(crashes) == 1
    assert len(model.passes) == 6


def test_no_traceback_stays_in_the_report(odd_plan):
    report, crashes = run(odd_plan, Moody(is_white))
    assert crashes[0][1].__traceback__ is None
    assert all(row.crash is None for row in report.rows)


def test_an_exception_that_tells_of_memory_is_a_lack_of_memory(odd_plan):
    class OpenCvError(Exception):
        """Not a ``RuntimeError``, so no step is taken to smaller passes."""

    failure = OpenCvError(
        "(-4:Insufficient memory) Failed to allocate 9 bytes in function 'OutOfMemoryError'"
    )
    report, crashes = run(odd_plan, Moody(is_white, failure))
    assert by_name(report)[3].code == "oom"
    assert not crashes


STEPS = [f"decode_ahead.{name}" for name in ("decode", "check_fits", "edge_width")]
STEPS += [
    f"encode_behind.{name}" for name in ("fit_metadata", "limit_metadata", "encode_bytes", "replace_file")
]


@pytest.mark.parametrize("place", STEPS)
def test_a_bug_in_reading_or_writing_costs_one_image(odd_plan, monkeypatch, place):
    module, name = place.split(".")
    module = importlib.import_module(f"lowlight_cli.pipeline.{module}")
    plain, calls = getattr(module, name), []

    def fail_once(*values, **options):
        calls.append(values)
        if len(calls) == 2:
            raise IndexError("list index out of range")
        return plain(*values, **options)

    monkeypatch.setattr(module, name, fail_once)
    report, crashes = run(odd_plan, Identity())
    assert [row.status for row in report.rows].count("ok") == 5
    assert {row.code for row in report.rows} == {"", "internal"}
    (failed,) = (row for row in report.rows if row.status != "ok")  # several threads: which one is open
    assert [name for name, _ in crashes] == [Path(failed.source).name]


def test_a_bug_in_reading_a_header_costs_no_image(odd_plan, monkeypatch):
    plain = Image.open

    def fail_ahead(*values, **options):
        assert threading.current_thread() is not threading.main_thread()  # where sizes are looked up
        return plain(*values, **options)

    monkeypatch.setattr(Image, "open", fail_ahead)
    report, crashes = run(odd_plan, Identity())
    assert report.count("ok") == 6
    assert not crashes


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


PROGRAM = """
import gc, sys, weakref
from pathlib import Path
from lowlight_cli.pipeline import frames
from lowlight_cli.pipeline.plan import plan_jobs
from tests.unit.pipeline.failing_models import Moody, run

seen, enhance_batch = [], frames.enhance_batch

def noted(pictures, forward):
    seen.extend(weakref.ref(picture.pixels) for picture in pictures)
    return enhance_batch(pictures, forward)

frames.enhance_batch = noted
gc.disable()
plan = plan_jobs([Path(sys.argv[1])], sys.argv[2])
for size in (1, 3):
    report, crashes = run(plan, Moody(lambda *_: True), batch_size=size)
    assert len(crashes) == 6
print(len(seen), sum(reference() is not None for reference in seen))
"""


def test_failed_images_leave_no_pixels_in_memory(odd_plan, root):
    # In a process of its own: the shape checks of other tests keep frames alive.
    words = [sys.executable, "-c", PROGRAM, str(odd_plan.jobs[0].source.parent), str(odd_plan.folder)]
    environment = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run(words, check=False, cwd=root, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("12 0\n", 0), done.stderr


def test_what_fits_in_float32_is_learned_once(odd_plan):
    made = []

    class Cramped(Moody):
        """Fails in 16 bits, and has no memory in float32."""

        def enhance(self, images, controls, *, observation=None, reference=None):
            super().enhance(images, controls)
            raise torch.OutOfMemoryError

    def on_cpu():
        made.append(ModelRunner(Identity(), EnhanceParams(Controls()), Limits(2**20), device=CPU))
        return made[-1]

    forward = ModelRunner(
        Cramped(lambda images, is_short: is_short),
        EnhanceParams(Controls()),
        Limits(2**20),
        device=CPU,
        precision=BF16,
        fallback=on_cpu,
    )
    assert run_plan(odd_plan, forward, PipelineConfig(workers=1)).count("ok") == 6
    assert len(made) == 1


@pytest.mark.parametrize("variable", [None, "LLE_DEBUG"])
def test_a_bug_that_many_images_meet_is_written_twenty_times(
    run_lle, make_picture, tmp_path, monkeypatch, variable
):
    for number in range(22):
        make_picture(tmp_path / "in" / f"{number:02}.png", (16, 16), seed=number)
    if variable:
        monkeypatch.setenv(variable, "1")
    monkeypatch.setattr(Identity, "enhance", Moody(lambda *_: True).enhance)
    options = ("-o", tmp_path / "out", "-m", "identity", "--precision", "fp32")
    run = run_lle("--log-file", tmp_path / "run.log", "enhance", tmp_path / "in", *options)
    assert "22 images failed because of a bug" in run.err
    assert (tmp_path / "run.log").read_text().count("Traceback") == 20
    assert run.err.count("Traceback") == (20 if variable else 0)


def test_a_lack_of_memory_while_writing_has_its_own_code(odd_plan, monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr("lowlight_cli.pipeline.encode_behind.fit_metadata", fail)
    report, crashes = run(odd_plan, Identity())
    assert {row.code for row in report.rows} == {"oom"}
    assert not crashes


def test_a_user_without_a_home_loses_the_log_and_no_image(run_lle, make_picture, tmp_path, monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    for number in range(2):
        make_picture(tmp_path / "in" / f"{number}.png", seed=number)
    monkeypatch.setattr("lowlight_cli.cli.crash_log.state_folder", no_home)
    model = Moody(lambda *_: len(model.passes) == 1)
    monkeypatch.setattr(Identity, "enhance", model.enhance)
    run = run_lle("enhance", tmp_path / "in", "-o", tmp_path / "out", "-m", "identity", "--precision", "fp32")
    assert run.code == 3
    assert "please report it with the output of a run with -vv" in run.err
    assert [path.name for path in (tmp_path / "out").glob("*.png")] == ["1.png"]
