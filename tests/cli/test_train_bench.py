"""``lle train bench``: numbers on stdout, nothing on disk."""

import json

import pytest


@pytest.fixture
def words(tmp_path, make_picture):
    make_picture(tmp_path / "photos" / "0.png", (64, 64))
    return (
        "train", "bench", "vqgan", "--data", tmp_path / "photos", "--crop", 64, "--batch-size", 1,
        "--steps", 2, "--warmup", 1, "--device", "cpu", "--set", "critic_width=4",
    )  # fmt: skip


def test_the_speed_of_a_recipe_is_printed(run_lle, words, tmp_path):
    run = run_lle(*words, "--json")
    assert (run.code, run.err) == (0, "")
    found = json.loads(run.out)
    assert (found["recipe"], found["steps"], found["warmup"], found["crop"]) == ("vqgan", 2, 1, 64)
    assert found["images_per_second"] == pytest.approx(found["steps_per_second"])
    assert 0 < found["data_wait"] < 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos"]


def test_it_is_a_table_for_people(run_lle, words):
    run = run_lle(*words)
    assert "steps per second" in run.out
    assert "waiting for data" in run.out


def test_what_it_cannot_use_is_refused(run_lle, words):
    assert "--out" in run_lle(*words, "--out", "x").err
    assert "vqgan" in run_lle("train", "bench", "vqgam").err
    assert "No such option: --dry-run" in run_lle(*words, "--dry-run").err
    refused = run_lle(*words, "--semantic", "x.safetensors")
    assert refused.code == 2
    assert "semantic" in refused.err


def test_help_shows_no_option_without_effect(run_lle):
    shown = run_lle("train", "bench", "--help").out
    assert "--batch-size" in shown
    for flag in ("--val-every", "--ckpt-every", "--keep", "--tensorboard", "--resume", "--limit-minutes"):
        assert flag not in shown
