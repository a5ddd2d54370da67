"""``lle bench``: numbers on stdout that fit together, and nothing on disk."""

import json
import re
import signal
import tempfile
from dataclasses import fields

import pytest

from lowlight_cli.bench import model_alone
from lowlight_cli.bench.result import BenchResult, Case, Machine, Setup
from lowlight_cli.pipeline import engine
from lowlight_cli.pipeline.stages import StageSeconds
from tests.cli.outcomes import digests

SMALL = ("--synthetic", "3:60x40", "--synthetic", "1:200x120")
MAIN_THREAD = ("wait_input", "copy_in", "model", "copy_out", "resize", "wait_output")


@pytest.fixture
def temp(tmp_path, monkeypatch):
    """The folder of temporary files; empty at the end, whatever happens."""
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def bench(run_lle, temp):
    """Runs ``lle bench`` on the CPU in fp32 with a model that changes nothing."""

    def run(*words, model="identity"):
        fixed = ("-m", model, "--device", "cpu", "--precision", "fp32")
        return run_lle("bench", *fixed, "--no-try", *words)

    return run


@pytest.fixture
def quiet_machine(monkeypatch):
    """Numbers that cause no warning, whatever else runs here."""
    monkeypatch.setattr("lowlight_cli.bench.result.UNSTEADY", 1e9)
    monkeypatch.setattr("lowlight_cli.bench.measure.BUSY_SHARE", 1e9)


@pytest.mark.parametrize("model", ["identity", pytest.param("lw-drgn", marks=pytest.mark.slow)])
def test_every_number_of_a_measurement_fits_the_others(bench, model):
    run = bench(*SMALL, "--json", "--repeats", 2, model=model)
    assert run.code == 0
    result = json.loads(run.out)
    assert [(case["name"], case["available"]) for case in result["cases"]] == [("60x40", 3), ("200x120", 1)]
    assert (result["setup"]["device"], result["setup"]["precision"]) == ("cpu", "fp32")
    for case in result["cases"]:
        inside = sum(case["stages"][name] for name in MAIN_THREAD)
        assert inside + case["other"] == pytest.approx(case["seconds"])
        assert min(case["stages"][name] for name in ("read", "model", "write")) > 0
        assert case["seconds"] == min(case["run_seconds"])
        assert case["model_seconds"] == min(case["model_run_seconds"])
        assert len(case["run_seconds"]) == len(case["model_run_seconds"]) == 2
        assert case["images_per_second"] == pytest.approx(case["photos"] / case["seconds"])
        assert case["megapixels_per_second"] == pytest.approx(case["megapixels"] / case["seconds"])
        assert case["share_of_model"] == pytest.approx(case["model_seconds"] / case["seconds"])
        width, height = map(int, case["name"].split("x"))
        assert case["sizes"] == [{"width": width, "height": height, "count": case["photos"]}]
        assert case["megapixels"] == pytest.approx(case["photos"] * width * height / 1e6)
        assert case["peak_host_mb"] > 50
        assert case["peak_gpu_mb"] is None


def test_keys_of_json_are_those_of_the_result(bench):
    result = json.loads(bench("--synthetic", "1:60x40", "--json", "--repeats", 1).out)
    (case,) = result["cases"]
    for found, form in (
        (result, BenchResult),
        (result["machine"], Machine),
        (result["setup"], Setup),
        (case, Case),
        (case["stages"], StageSeconds),
    ):
        assert found.keys() == {field.name for field in fields(form)}
    assert result["v"] == 1
    assert case["limit"] in ("reading", "model", "writing", "copying", "resizing", "program")


@pytest.mark.parametrize("columns", ["80", "120"])
def test_it_is_a_table_for_people(bench, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    run = bench(*SMALL)
    assert max(map(len, run.out.splitlines())) <= int(columns)
    assert re.search(r"images/s .* [\d.,]+ ", run.out)
    assert re.search(r"share of the model-only rate .* \d+ %", run.out)
    assert re.search(r"^60x40: limited by .*, \d+ % of the time$", run.out, re.MULTILINE)
    assert "not shown" not in run.out


def test_own_photos_are_read_and_stay_as_they_are(bench, folder, quiet_machine, tmp_path):
    before = digests(folder)
    run = bench(folder, folder / "a.png", "--json")
    assert (run.code, run.err) == (0, "")
    (case,) = json.loads(run.out)["cases"]
    assert (case["name"], case["photos"], case["available"]) == ("photos", 3, 3)
    assert digests(folder) == before
    assert {path.name for path in tmp_path.iterdir()} == {"in", "temp"}


def test_photos_of_one_name_from_two_folders_are_both_measured(bench, make_picture, tmp_path):
    names = ["x/a.png", "y/a.png"]
    run = bench(*(make_picture(tmp_path / name) for name in names), "--json")
    assert json.loads(run.out)["cases"][0]["photos"] == 2


def test_a_photo_that_cannot_be_read_is_named_and_left_out(bench, folder, quiet_machine):
    (folder / "bad.jpg").write_bytes(b"no picture")
    run = bench(folder, "--json")
    result = json.loads(run.out)
    assert run.code == 3
    assert [failure["photo"] for failure in result["failures"]] == [str(folder / "bad.jpg")]
    assert result["failures"][0]["code"] == "unreadable"
    assert (result["cases"][0]["photos"], result["cases"][0]["available"]) == (3, 4)
    first, last = run.err.splitlines()
    assert first.startswith("failed  ")
    assert "bad.jpg  unreadable: " in first
    assert last == "1 photo failed and is not in the numbers"


def test_photos_that_all_fail_give_no_numbers(bench, tmp_path):
    for name in ("a.jpg", "b.png"):
        (tmp_path / name).write_bytes(b"no picture")
    run = bench(tmp_path / "a.jpg", tmp_path / "b.png")
    assert (run.code, run.out) == (4, "")
    assert run.err.splitlines()[-1] == "2 photos failed and are not in the numbers"


def test_what_cannot_be_measured_is_refused_in_one_line(bench, tmp_path, folder):
    (tmp_path / "empty").mkdir()
    for words, message in [
        ([tmp_path / "empty"], "no images in "),
        ([tmp_path / "missing"], "no such file or folder"),
        ([folder, *SMALL], "--synthetic is for a measurement without photos"),
        (["--synthetic", "12"], "--synthetic '12' is not COUNT:WIDTHxHEIGHT"),
        (["--repeats", 0], "--repeats must be at least 1"),
        (["--limit-seconds", 0], "--limit-seconds must be at least 1"),
    ]:
        run = bench(*words)
        assert (run.code, run.out) == (2, ""), words
        assert f"lle: error: {message}" in run.err


def test_little_time_measures_some_of_the_photos_and_says_so(bench, monkeypatch):
    monkeypatch.setattr("lowlight_cli.bench.case.CaseBench._fitting", lambda *_: 2)
    monkeypatch.setattr("lowlight_cli.bench.measure._SHARE_OF_RUNS", 0)
    run = bench("--synthetic", "9:60x40", "--json", "--try", "--limit-seconds", 1)
    result = json.loads(run.out)
    assert (result["cases"][0]["photos"], result["cases"][0]["available"]) == (2, 9)
    assert "60x40: 1 run instead of 3; --limit-seconds was too short" in result["warnings"]
    assert "60x40: 1 run instead of 3" in run.err


def test_a_busy_machine_and_unsteady_runs_are_warned_of(bench, monkeypatch):
    monkeypatch.setattr("lowlight_cli.bench.measure._load_average", lambda: 1e6)
    monkeypatch.setattr("lowlight_cli.bench.result.UNSTEADY", 1.0)
    run = bench(*SMALL)
    assert "lle: warning: the load is 1000000.0 with " in run.err
    assert "lle: warning: 60x40: repeated runs differ by more than 20 %" in run.err


def test_an_option_that_is_faster_is_recommended_with_its_speed(run_lle, temp, monkeypatch):
    monkeypatch.setattr("lowlight_cli.bench.case.limit_of", lambda *_: ("model", 1.0))
    monkeypatch.setattr("lowlight_cli.bench.advice._LARGE", 0)
    monkeypatch.setattr("lowlight_cli.bench.advice.WORTH_IT", 0.0)
    words = ("bench", "-m", "identity", "--device", "cpu", "--precision", "fp32", *SMALL)
    run = run_lle(*words, "--json")
    for case in json.loads(run.out)["cases"]:
        found = {advice["option"]: advice["speed"] for advice in case["advice"]}
        assert found["--detail fast"] > 0
    assert re.search(r"^  --detail fast +[\d.]+ times as fast; ", run_lle(*words).out, re.MULTILINE)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("place", [(engine, "read_ahead"), (model_alone, "run_at_detail")])
def test_a_signal_leaves_nothing_behind(bench, folder, temp, monkeypatch, number, code, place):
    real = getattr(*place)

    def interrupted(*arguments):
        assert list(temp.iterdir())
        signal.raise_signal(number)
        return real(*arguments)

    monkeypatch.setattr(*place, interrupted)
    before = digests(folder)
    run = bench(folder)
    assert (run.code, run.out) == (code, "")
    assert run.err.splitlines()[-1] == "Interrupted; nothing was measured, and nothing is left behind"
    assert digests(folder) == before
