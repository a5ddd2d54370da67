"""``lle eval`` where one image fails in one method: the others are scored, and the bug can be reported."""

import json

import pytest

from lowlight_cli.evaluation import classic


@pytest.fixture
def pairs(make_picture, tmp_path, monkeypatch):
    for index, name in enumerate(("a", "b", "c")):
        make_picture(tmp_path / "low" / f"{name}.png", (48 + index, 32), seed=index)
        make_picture(tmp_path / "gt" / f"{name}.png", (48 + index, 32), seed=50 + index)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


@pytest.fixture
def fails_on_b(monkeypatch):
    """CLAHE raises for the image of 49 pixels."""
    clahe = classic.clahe

    def broken(images):
        if images.shape[3] == 49:
            raise ValueError("49 is a bad width")
        return clahe(images)

    monkeypatch.setattr(classic, "clahe", broken)


def test_the_failure_is_a_problem_of_one_method_and_the_run_ends_with_3(run_lle, pairs, fails_on_b):
    words = ("eval", "--low", "low", "--gt", "gt", "-m", "gamma", "-m", "clahe", "--metrics", "psnr")
    run = run_lle(*words, "--save-pred", "kept", "--json")
    assert run.code == 3
    assert run.err.splitlines() == [
        "failed  low/b.png  internal: ValueError: 49 is a bad width",
        f"lle: error: 1 image failed because of a bug; please report it with {pairs}/state/lle/crash.log",
    ]
    assert "49 is a bad width" in (pairs / "state/lle/crash.log").read_text()
    gamma = json.loads(run.out)
    (clahe,) = gamma["others"]
    assert (gamma["n"], gamma["complete"], gamma["problems"]) == (3, True, [])
    assert [image["name"] for image in clahe["images"]] == ["a", "c"]
    assert [problem["code"] for problem in clahe["problems"]] == ["internal"]
    assert (clahe["n"], clahe["expected"], clahe["complete"]) == (2, 3, False)
    kept = sorted(path.relative_to(pairs).as_posix() for path in (pairs / "kept").rglob("*.png"))
    assert kept == [f"kept/{name}.png" for name in ("clahe/a", "clahe/c", "gamma/a", "gamma/b", "gamma/c")]


def test_a_table_marks_the_mean_as_incomplete(run_lle, pairs, fails_on_b):
    run = run_lle("eval", "--low", "low", "--gt", "gt", "-m", "clahe", "--metrics", "psnr", "-f", "plain")
    assert run.code == 3
    assert "clahe INCOMPLETE: 2 of 3" in run.out


def test_without_a_single_score_the_run_ends_with_4(run_lle, pairs):
    """NIQE needs images of 96 pixels."""
    run = run_lle("eval", "--low", "low", "-m", "gamma", "--metrics", "niqe")
    assert run.code == 4
    assert "NIQE needs at least 96 pixels" in run.err + run.out


def test_a_metric_that_is_left_out_is_named_also_if_quiet(run_lle, pairs, monkeypatch):
    monkeypatch.setenv("LLE_MODEL_DIR", str(pairs / "none"))
    run = run_lle("eval", "--low", "low", "--gt", "gt", "-m", "gamma", "--metrics", "psnr,lpips", "-q")
    assert (run.code, run.err.count("\n")) == (0, 1)
    assert "lpips" in run.err.lower()
