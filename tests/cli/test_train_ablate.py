"""``lle train ablate``: a small grid of runs, one table, and going on where it stopped."""

import json

import pytest


@pytest.fixture
def words(tmp_path, make_picture):
    for number in range(2):
        for part in ("low", "high"):
            make_picture(tmp_path / "pairs" / part / f"{number}.png", (64, 64), seed=number)
    return (
        "train", "ablate", "codeenhance", "--pairs", tmp_path / "pairs", "--crop", 64, "--batch-size", 1,
        "--max-steps", 1, "--device", "cpu", "-o", tmp_path / "out", "--only", "full", "--only", "no-texture",
        "--set", 'data.held_out=["1"]', "--set", "critic_width=4",
    )  # fmt: skip


def test_rows_become_a_table_and_are_not_trained_again(run_lle, words, tmp_path):
    first = run_lle(*words)
    assert first.code == 0
    assert "no-texture" in first.out
    document = json.loads((tmp_path / "out" / "ablation.json").read_text())
    assert [row["name"] for row in document["rows"]] == ["full", "no-texture"]
    assert document["rows"][0]["parameters"] > document["rows"][1]["parameters"]
    assert "| full |" in (tmp_path / "out" / "ablation.md").read_text()

    again = run_lle(*words, "--json")
    assert "row full" not in again.err
    assert json.loads(again.out) == document

    other = run_lle(*words, "--lr", 0.5)
    assert other.code == 2
    assert "optimizer" in other.err


def test_what_does_not_fit_is_refused(run_lle, words, tmp_path):
    for extra, reason in (
        (("--only", "no-shif"), "no-shift"),
        (("--dry-run",), "--dry-run"),
    ):
        run = run_lle(*words, *extra)
        assert run.code == 2
        assert reason in run.err
    run = run_lle("train", "ablate", "vqgan", "-o", tmp_path / "out")
    assert run.code == 2
    assert "codeenhance" in run.err
    run = run_lle("train", "ablate", "codeenhance", "-o", tmp_path / "out", "--data", tmp_path)
    assert run.code == 2
    assert "--pairs" in run.err
    assert not (tmp_path / "out").exists()


def test_without_time_nothing_is_lost(run_lle, words, tmp_path):
    run = run_lle(*words, "--limit-minutes", 0.0000001)
    assert run.code == 0
    assert "not finished" in run.err


def test_several_seeds_give_means_and_deviations(run_lle, words, tmp_path):
    run = run_lle(*words, "--seeds", 2)
    assert run.code == 0
    assert "row no-texture, seed 1" in run.err
    assert "±" in run.out
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir() if path.is_dir()) == [
        "full", "full-seed-1", "no-texture", "no-texture-seed-1"
    ]  # fmt: skip
    full, other = json.loads((out / "ablation.json").read_text())["rows"]
    assert (full["seeds"], full["difference"]) == ([0, 1], None)
    assert other["difference"] == pytest.approx(other["psnr"] - full["psnr"])
    assert other["difference_deviation"] > 0

    alone = run_lle(*words, "--json")
    assert "row full" not in alone.err, "runs of more seeds go on as runs of one"
    assert json.loads(alone.out)["rows"][0]["seeds"] == [0]
