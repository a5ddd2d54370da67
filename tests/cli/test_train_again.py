"""``lle train`` into an existing run folder: what goes on, with a warning or without, and what is refused."""

import shutil
import tomllib

import pytest


@pytest.fixture
def words(tmp_path, make_picture):
    for number in range(3):
        make_picture(tmp_path / "photos" / f"{number}.png", (96, 96), seed=number)
    return (
        "train", "vqgan", "-o", tmp_path / "run", "--data", tmp_path / "photos", "--crop", 64,
        "--batch-size", 1, "--device", "cpu", "--workers", 0, "--cache", "none", "--set", "critic_width=4",
    )  # fmt: skip


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_finished_run_is_not_started_with_other_settings(run_lle, words, tmp_path, make_picture):
    assert run_lle(*words, "--max-steps", 1).code == 0
    before = contents(tmp_path / "run")
    shutil.copy(tmp_path / "run" / "vqgan.safetensors", tmp_path / "start.safetensors")
    make_picture(tmp_path / "more" / "a.png", (96, 96))
    for other, names in (
        (("--lr", 0.5), "optimizer.learning_rate"),
        (("--batch-size", 2, "--crop", 96), "run.batch_size, run.crop"),
        (("--set", f"start={tmp_path / 'start.safetensors'}"), "start"),
        (("--data", tmp_path / "more"), "data.photos"),
        (("--set", "critic_width=8", "--seed", 3, "--keep", 1), "critic_width, run.seed"),
        (("--precision", "bf16"), "run.precision"),
    ):
        run = run_lle(*words, "--max-steps", 1, *other)
        assert (run.code, run.out) == (2, "")
        assert run.err.endswith(
            f"\nlle: error: {tmp_path / 'run'} holds a finished run with other settings ({names}): "
            "choose another --out, or start over with --resume none\n"
        )
        assert contents(tmp_path / "run") == before
    over = run_lle(*words, "--max-steps", 1, "--lr", 0.5, "--resume", "none")
    assert (over.code, "settings changed" in over.err) == (0, False)


def test_photos_that_a_finished_run_had_are_not_dropped(run_lle, words, tmp_path, make_picture):
    make_picture(tmp_path / "more" / "a.png", (96, 96))
    assert run_lle(*words, "--data", tmp_path / "more", "--max-steps", 1).code == 0
    run = run_lle(*words, "--max-steps", 1)
    assert (run.code, "(data.photos)" in run.err) == (2, True)


def test_a_finished_run_is_prolonged_and_watched_in_another_way_without_a_word(
    run_lle, words, tmp_path, monkeypatch
):
    assert run_lle(*words, "--max-steps", 1).code == 0
    monkeypatch.chdir(tmp_path)
    other = ("--val-every", 1, "--ckpt-every", 1, "--keep", 1, "--workers", 1, "--early-stop", 9)
    parts = [item if item != tmp_path / "photos" else "photos" for item in words]
    for steps in (1, 2):
        run = run_lle(*parts, *other, "--cache", "auto", "--skip-broken", "--max-steps", steps)
        assert (run.code, "(step 1)" in run.err) == (0, True)
        assert "settings changed" not in run.err
    assert (tmp_path / "run" / "ckpt" / "step-000002.pt").exists()


def test_a_run_goes_on_with_other_settings_and_says_so(run_lle, words, tmp_path):
    assert run_lle(*words, "--max-steps", 1).code == 0
    shutil.copy(tmp_path / "run" / "vqgan.safetensors", tmp_path / "start.safetensors")
    longer = (*words, "--max-steps", 3, "--limit-minutes", "1e-6")
    changed = ("--lr", 0.0001, "--set", f"start={tmp_path / 'start.safetensors'}")
    run = run_lle(*longer, *changed)
    assert run.code == 0
    warning = (
        "warning  settings changed (start, optimizer.learning_rate): the rest of the run uses the new ones; "
        "no effect after the first step: start"
    )
    assert run.err.splitlines().count(warning) == 1
    assert warning in (tmp_path / "run" / "train.log").read_text()
    settings = tomllib.loads((tmp_path / "run" / "config.resolved.toml").read_text())
    assert settings["optimizer"]["learning_rate"] == 0.0001
    last = run_lle(*words, "--max-steps", 3, *changed)
    assert (last.code, "settings changed" in last.err) == (0, False)
    assert run_lle(*words, "--max-steps", 3).code == 2


def test_a_checkpoint_of_another_run_is_compared_with_the_settings_of_that_run(run_lle, words, tmp_path):
    assert run_lle(*words, "--max-steps", 1).code == 0
    other = (*words, "-o", tmp_path / "other", "--resume", tmp_path / "run" / "ckpt" / "last.pt", "--lr", 0.5)
    refused = run_lle(*other, "--max-steps", 1)
    assert refused.code == 2
    assert f"{tmp_path / 'run'} holds a finished run with other settings" in refused.err
    assert not (tmp_path / "other").exists()
    run = run_lle(*other, "--max-steps", 2)
    assert (run.code, "settings changed (optimizer.learning_rate)" in run.err) == (0, True)


def test_a_run_by_the_clock_that_is_over_is_finished(run_lle, words, tmp_path):
    clock = (*words, "--set", "run.schedule=clock", "--max-steps", 9)
    assert run_lle(*clock, "--limit-minutes", "1e-6").code == 0
    before = contents(tmp_path / "run")
    refused = run_lle(*clock, "--limit-minutes", "1e-6", "--lr", 0.5)
    assert (refused.code, "(optimizer.learning_rate)" in refused.err) == (2, True)
    assert contents(tmp_path / "run") == before
