"""The benchmarks of photos run to their end, and what they write fits together."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # a process that measures for ten seconds


@pytest.fixture
def measured(root, tmp_path):
    """Runs a benchmark with the model that changes nothing, and gives its case and what it printed."""

    def run(name, *words):
        fixed = ("--model", "identity", "--machine", "here", "--out", tmp_path, "--repeats", 2)
        done = subprocess.run(
            [sys.executable, f"benchmarks/{name}.py", *map(str, (*fixed, *words))],
            cwd=root,
            env=os.environ | {"PYTHONPATH": str(root), "COLUMNS": "80"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert max(map(len, done.stdout.splitlines()[:-1])) <= 80
        assert "not shown" not in done.stdout
        (path,) = tmp_path.glob("*.json")
        result = json.loads(path.read_text())
        assert result["machine"]["cores"] >= 1
        return result["cases"]["identity"], done.stdout

    return run


def test_a_large_photo_is_measured_at_both_details(measured):
    case, printed = measured("large_photo", "--size", "1600x1200")
    for detail in ("full", "fast"):
        found = case[detail]
        assert len(found["seconds"]) == len(found["model_seconds"]) == 2
        assert found["to_model"] == pytest.approx(min(found["seconds"]) / min(found["model_seconds"]))
        assert found["peak_host_mb"] > 50
    assert case["full"]["stages_s"]["resize"] == 0 < case["fast"]["stages_s"]["resize"]
    assert case["fast_to_full"] == pytest.approx(case["fast"]["least_s"] / case["full"]["least_s"])
    assert case["psnr_fast_to_full_db"] > 40
    assert "PSNR of fast against" in printed


def test_many_photos_are_measured_by_their_number(measured):
    case, printed = measured("many_photos", "--size", "60x40", "--counts", "3,12")
    assert case["counts"].keys() == {"3", "12"}
    for count, found in case["counts"].items():
        assert len(found["rounds"]) == 2
        assert found["photos_s"] * found["ms_per_photo"] == pytest.approx(1e3)
        assert found["share_of_model"] == pytest.approx(found["photos_s"] / found["model_photos_s"])
        assert f"{int(count):,} " in printed
