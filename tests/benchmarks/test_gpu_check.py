"""The check of a GPU runs to its end on a CPU, keeps to its time, and loses nothing that it found."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from filelock import FileLock

from lowlight_cli.models.catalog import MODELS

pytestmark = pytest.mark.slow  # a process that measures for ten seconds


@pytest.fixture(scope="session")
def quick_run(root, tmp_path_factory, request):
    """Result file of a quick run on the CPU, and what it printed; processes of pytest-xdist share it."""
    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if hasattr(request.config, "workerinput") else folder) / "gpu-check"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            words = [sys.executable, "benchmarks/gpu_check.py", "--quick", "--device", "cpu"]
            environment = os.environ | {"PYTHONPATH": str(root)}
            done = subprocess.run(
                [*words, "--machine", "here", "--out", folder],
                cwd=root,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            (folder / "printed.txt").write_text(done.stdout)
    result = json.loads((folder / "gpu-check-quick--here--cpu.json").read_text())
    return SimpleNamespace(**result, printed=(folder / "printed.txt").read_text())


def test_every_section_runs_without_a_gpu(quick_run):
    sections = {"ceilings", "model", "baseline", "files", "tests", "passes", "memory", "training"}
    sections |= {"large", "launches"}
    assert quick_run.cases.keys() == sections
    wrong = {name for name, found in quick_run.cases.items() if {"error", "cut"} & found.keys()}
    assert wrong == set()
    assert quick_run.spent_s.keys() == sections | {"presets"}


def test_every_model_is_timed(quick_run):
    wanted = {
        f"{name} {entry.default_preset} {precision} 1"
        for name, entry in MODELS.items()
        if not entry.hidden
        for precision in ("fp32", "bf16")
    }
    found = {case for case, found in quick_run.cases["model"].items() if found.get("photos_s", 0) > 0}
    assert found == wanted


def test_weights_that_are_cast_once_give_the_same_image(quick_run):
    cases = quick_run.cases["launches"]
    assert {name.split()[0] for name in cases} == {name for name, entry in MODELS.items() if not entry.hidden}
    assert {name: case["cast_once_difference"] for name, case in cases.items()} == dict.fromkeys(cases, 0.0)
    assert min(case["cast_once_ms"] for case in cases.values()) > 0


def test_every_stage_of_the_engine_takes_time(quick_run):
    for case in quick_run.cases["files"].values():
        stages = case["stages_s"]
        assert stages.pop("resize") == 0
        assert min(stages.values()) >= 0
        assert min(stages[name] for name in ("read", "copy_in", "model", "copy_out", "write")) > 0
        assert stages["copy_in"] + stages["model"] + stages["copy_out"] < case["wall_s"]


def test_no_photo_fails_and_a_lack_of_memory_costs_no_result(quick_run):
    files, memory = quick_run.cases["files"], quick_run.cases["memory"]
    assert {case["failed"] for case in files.values()} == {0}
    assert all(case["results"] == case["pictures"] for case in memory.values())
    assert "tiles of" in memory["large image"]["notices"][0]


def test_the_tests_of_a_gpu_are_counted(quick_run):
    counts = quick_run.cases["tests"]["counts"]
    assert quick_run.cases["tests"]["code"] == 0
    assert counts.pop("skipped") >= 30
    assert counts == {"passed": 0, "failed": 0, "error": 0}


def test_training_is_measured(quick_run):
    assert quick_run.cases["training"]
    assert all(case.get("steps_s", 0) > 0 for case in quick_run.cases["training"].values())


def test_tables_come_last(quick_run):
    assert "| codeenhance lite | 1 |" in quick_run.printed
    assert quick_run.printed.splitlines()[-1].endswith("gpu-check-quick--here--cpu.json")


@pytest.fixture
def check(root, monkeypatch):
    """The modules ``gpu.check`` and ``gpu.tables``, which scripts in that folder import by these names."""
    monkeypatch.syspath_prepend(root / "benchmarks")
    from gpu import check, clock, tables

    clock = clock.Clock(torch.device("cpu"), 0)
    return SimpleNamespace(module=check, clock=clock, tables=tables)


@pytest.fixture
def run(check, tmp_path):
    """Runs made-up sections within seconds given by name, and gives the result file."""

    def run(seconds, **finds):
        bench = SimpleNamespace(clock=check.clock, sizes=SimpleNamespace(seconds=seconds))
        result = check.module.Result(tmp_path / "result.json", "made-up", {})
        sections = tuple(check.module.Section(name, find) for name, find in finds.items())
        check.module.run_sections(sections, bench, result, lambda line: None)
        return json.loads((tmp_path / "result.json").read_text())

    return run


def test_an_error_costs_the_rest_of_its_section_only(run):
    def broken(bench, seconds):
        yield "first", 1
        raise RuntimeError("CUDA error: unspecified launch failure\nmore")

    cases = run({"a": 9, "b": 9}, a=broken, b=lambda bench, seconds: iter([("second", 2)]))["cases"]
    assert cases["a"]["first"] == 1
    assert cases["a"]["error"].startswith("RuntimeError: CUDA error")
    assert cases["b"] == {"second": 2}


def test_a_section_whose_time_is_over_is_cut_and_the_next_has_its_own(run):
    def endless(bench, seconds):
        while True:
            yield "again", seconds

    cases = run({"a": 0.01, "b": 60}, a=endless, b=lambda bench, seconds: iter([("left", seconds)]))["cases"]
    assert "no time was left" in cases["a"]["cut"]
    assert 50 < cases["b"]["left"] <= 60


def test_time_that_is_not_used_goes_to_later_sections(run):
    def idle(bench, seconds):
        yield "left", seconds

    cases = run({"a": 100, "b": 100}, a=idle, b=idle)["cases"]
    assert cases["a"]["left"] <= 100 < cases["b"]["left"]


def test_each_case_is_on_disk_before_the_next_begins(run, tmp_path):
    def looks(bench, seconds):
        yield "first", 1
        yield "seen", json.loads((tmp_path / "result.json").read_text())["cases"]

    assert run({"a": 9}, a=looks)["cases"]["a"]["seen"] == {"a": {"first": 1}}


def test_a_full_run_on_a_card_takes_less_than_four_minutes(check):
    from gpu.sizes import FULL

    assert sum(FULL.seconds.values()) - FULL.seconds["processes"] <= 235


def test_the_summary_compares_the_engine_with_the_model_and_the_simplest_program(check):
    machine = {
        "gpu": "Some GPU",
        "cores": 16,
        "libraries": {"torch": "2.11"},
        "python": "3.12",
        "time": "2026",
    }
    cases = {
        "model": {"codeenhance lite fp16 8": {"photos_s": 900.0, "tflop_s": 30.0}, "glare lite fp16 8": {}},
        "baseline": {"photos_s": 124.0},
        "files": {"small, 4 threads, 8 in a pass": {"photos_s": 450.0, "precision": "fp16", "failed": 0}},
    }
    sizes = {"image": "", "photo": "", "large": ""}
    text = check.tables.as_markdown(
        {"suite": "gpu-check", "machine": machine | {"sizes": sizes}, "cases": cases}
    )
    assert "3.6 times the simplest program, 50 % of what the model alone does" in text


def test_the_tables_show_what_failed_and_what_was_cut(check):
    libraries, sizes = {"torch": "2.11"}, {"image": "608x416", "photo": "600x400", "large": "4000x3008"}
    machine = {
        "gpu": "Some GPU",
        "cores": 16,
        "libraries": libraries,
        "python": "3.12",
        "time": "2026-11-26T",
    }
    hungry = {"peak_bytes_per_pixel": 3000.4, "said_bytes_per_pixel": 1736}
    models = {
        "codeenhance lite fp32 32": {"error": "RuntimeError: no"},
        "codeenhance lite bf16 32": {"photos_s": 1111.4, "tflop_s": 39.6},
        "drgn lite fp32 32": hungry | {"photos_s": 10, "tflop_s": 30},
        "cut": "no time",
    }
    tests = {"code": None, "counts": {"passed": 3, "failed": 1}, "not_passed": {"tests/x.py::y": "failed"}}
    shared = {"photos_s": 611.2, "steady_photos_s": 702.6, "first_after_s": 9.51, "results": 2048}
    cases = {
        "ceilings": {"product_bf16_tflop_s": 396.0, "in_pinned_gb_s": 55.2},
        "model": models,
        "large": {"vqcnir whole": {"left_out": "more than a pass may hold"}},
        "tests": tests,
        "processes": {"2 at once": shared},
        "baseline": {"error": "ValueError: bad"},
    }
    result = {"suite": "gpu-check", "machine": machine | {"sizes": sizes}, "cases": cases}
    lines = check.tables.as_markdown(result).splitlines()
    assert "| to the device, pinned | 55.2 GB/s |" in lines
    assert "| codeenhance lite | 32 | failed | 1,111 (10 %) |" in lines
    assert "| vqcnir whole |  | more than a pass may hold |  |" in lines
    assert "- drgn lite fp32 32: 3000 bytes per pixel, `pass_costs` say 1736" in lines
    assert "| 2 at once | 611 | 703 | 9.51 | 2048 |" in lines
    assert "cut: no time" in lines
    assert "error: ValueError: bad" in lines
    assert "3 passed, 1 failed" in lines
    assert "- tests/x.py::y: failed" in lines
    assert "ended by the clock; later tests are missing" in lines
