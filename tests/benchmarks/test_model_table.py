"""The table of all models: what is counted, what an update keeps, and a run on made-up photos."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import torch

from lowlight_cli.checkpoints.locate import find_weights
from lowlight_cli.models.catalog import MODELS

SIZE = (120, 104)


@pytest.fixture
def model_table(root, monkeypatch):
    """The module, a script that imports its neighbors by their names."""
    monkeypatch.syspath_prepend(root / "benchmarks")
    import model_table

    return model_table


@pytest.fixture
def made_up(make_picture, tmp_path):
    """Folders of two pairs, and of photos of which every fourth from the second on is taken."""
    for number in range(2):
        make_picture(tmp_path / "low" / f"{number}.png", SIZE, seed=number)
        make_picture(tmp_path / "high" / f"{number}.png", SIZE, seed=number + 10)
    for number in range(6):
        make_picture(tmp_path / "photos" / f"{number}_full.png", SIZE, seed=number)
    return tmp_path


@pytest.fixture
def run(root, tmp_path):
    """Runs the script in a window of 80 columns."""

    def run_script(*words, code=0):
        fixed = ("--machine", "here", "--out", tmp_path, "--repeats", 1, "--threads", 1)
        done = subprocess.run(
            [sys.executable, "benchmarks/model_table.py", *map(str, (*words, *fixed))],
            cwd=root,
            env=os.environ | {"PYTHONPATH": str(root), "COLUMNS": "80"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run_script


def cases_in(folder):
    return json.loads((folder / "model-table--here--cpu.json").read_text())["cases"]


@pytest.fixture
def photo():
    return 0.2 + 0.5 * torch.rand(1, 3, 32, 40, generator=torch.Generator().manual_seed(0))


def test_color_ignores_brightness_and_sees_a_tint(model_table, photo):
    assert model_table.color_distance(0.8 * photo, photo) < 1.0
    tinted = photo * torch.tensor([1.2, 1.0, 0.8]).view(1, 3, 1, 1)
    assert model_table.color_distance(tinted, photo) > 5


def test_noise_grows_with_noise(model_table):
    flat = torch.full((1, 3, 64, 64), 0.5)
    grain = torch.randn(flat.shape, generator=torch.Generator().manual_seed(0))
    levels = [
        model_table.noise_of((flat + deviation * grain).clamp(0, 1)) for deviation in (0.01, 0.02, 0.04)
    ]
    assert levels == sorted(levels)
    assert levels[2] > 2 * levels[0]


def test_a_reference_itself_is_as_sharp_and_as_light(model_table, photo):
    found = model_table.judged(photo, photo, model_table.Scorer(("ssim",)))
    expected = {"ssim": 1, "slope": 1, "along": 1, "noise": 1, "light": 1, "dark": 0}
    assert {key: found[key] for key in expected} == pytest.approx(expected, abs=1e-5)
    black = model_table.judged(torch.zeros_like(photo), photo, model_table.Scorer(("ssim",)))
    assert black["dark"] == pytest.approx(1, abs=0.05)


def test_means_are_those_of_photos_that_could_be_measured(model_table):
    found = [{"psnr": 20.0, "niqe": None}, {"psnr": 30.0, "niqe": 4.0}]
    assert model_table.means_of(found) == {"psnr": 25.0, "niqe": 4.0}
    assert model_table.means_of(found[:1]) == {"psnr": 20.0}


def test_an_update_keeps_other_rows_and_sets_but_no_scores_of_other_weights(model_table):
    before = {
        "a": {"sha256": "1", "least_s": 1.0, "sets": {"pairs": 1, "field": 2}},
        "b": {"sha256": "2", "sets": {"pairs": 3}},
    }
    same = model_table.updated(before, {"a": {"sha256": "1", "sets": {"field": 9}}})
    assert same["a"] == {"sha256": "1", "least_s": 1.0, "sets": {"pairs": 1, "field": 9}}
    assert same["b"] == before["b"]
    other = model_table.updated(before, {"a": {"sha256": "7", "sets": {"field": 9}}})
    assert other["a"] == {"sha256": "7", "sets": {"field": 9}}


@pytest.mark.slow
def test_all_sets_are_measured_and_other_weights_get_a_row(made_up, run):
    copy = made_up / "copied.safetensors"
    shutil.copy(find_weights(MODELS["lw-drgn"].weights["lite"]), copy)
    done = run(
        *("--low", made_up / "low", "--high", made_up / "high", "--photos", made_up / "photos"),
        *("--models", "identity", "lw-drgn", "--weights", f"lw-drgn={copy}", "--limit", 1),
    )
    assert max(map(len, done.stdout.splitlines()[:-1])) <= 80
    cases = cases_in(made_up)
    assert list(cases) == ["input", "identity", "lw-drgn", "lw-drgn=copied"]
    assert cases["input"]["sets"].keys() == {"pairs", "backlit", "field", "shaken"}
    assert all(numbers["photos"] == 1 for numbers in cases["input"]["sets"].values())
    assert cases["identity"]["sets"] == cases["input"]["sets"]
    assert cases["lw-drgn=copied"]["sets"] == cases["lw-drgn"]["sets"]
    assert cases["lw-drgn"]["sets"]["pairs"].keys() >= {"psnr", "psnr*", "ssim", "fsim", "niqe", "along"}
    assert cases["lw-drgn"]["parameters"] == MODELS["lw-drgn"].parameters["lite"]
    assert cases["lw-drgn"]["least_s"] > 0


@pytest.mark.slow
def test_one_set_is_enough_and_an_update_adds_the_next(made_up, run):
    run("--models", "identity", "--low", made_up / "low", "--high", made_up / "high", "--names", 1)
    assert cases_in(made_up)["identity"]["sets"].keys() == {"pairs"}
    run("--models", "identity", "--photos", made_up / "photos", "--sets", "shaken", "--update")
    sets = cases_in(made_up)["identity"]["sets"]
    assert {name: numbers["photos"] for name, numbers in sets.items()} == {"pairs": 1, "shaken": 2}
    before = cases_in(made_up)
    run("--models", "lw-drgn", "--update")  # only its seconds
    cases = cases_in(made_up)
    assert cases.pop("lw-drgn")["least_s"] > 0
    assert cases == before


@pytest.mark.slow
def test_nothing_to_measure_is_said_in_one_line(made_up, run):
    assert "give --low and --high, or --photos" in run("--models", "identity", code=2).stderr
    done = run("--low", made_up / "low", "--high", made_up / "high", "--names", "0,7", code=1)
    assert done.stderr == f"{made_up / 'low'}: no photo 7\n"
