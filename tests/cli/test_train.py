"""``lle train``: settings are checked before anything is read, runs leave their folder."""

import tomllib


def test_settings_can_be_printed(run_lle, tmp_path):
    run = run_lle(
        "train", "vqgan", "-o", tmp_path / "run", "--lr", "0.01", "--set", "run.seed=9", "--print-config"
    )
    assert run.code == 0
    printed = tomllib.loads(run.out)
    assert printed["optimizer"]["learning_rate"] == 0.01
    assert printed["run"]["seed"] == 9
    assert not (tmp_path / "run").exists()


def test_a_run_without_photos_is_refused(run_lle, tmp_path):
    run = run_lle("train", "vqgan", "-o", tmp_path / "run")
    assert (run.code, run.out) == (2, "")
    assert "--data" in run.err


def test_an_unknown_setting_is_named(run_lle, tmp_path):
    run = run_lle("train", "codeenhance", "-o", tmp_path / "run", "--set", "run.colour=3")
    assert run.code == 2
    assert "run.colour" in run.err


def test_missing_weights_have_their_own_exit_code(run_lle, tmp_path, make_picture):
    make_picture(tmp_path / "photos" / "a.png", (64, 64))
    run = run_lle(
        "train", "codeenhance", "-o", tmp_path / "run", "--data", tmp_path / "photos", "--crop", 64,
        "--vqgan", tmp_path / "nothing.safetensors",
    )  # fmt: skip
    assert run.code == 6
    assert "nothing.safetensors" in run.err


def test_a_short_run_says_where_its_weights_are(run_lle, tmp_path, make_picture):
    for number in range(3):
        make_picture(tmp_path / "photos" / f"{number}.png", (64, 64), seed=number)
    run = run_lle(
        "train", "vqgan", "-o", tmp_path / "run", "--data", tmp_path / "photos", "--crop", 64,
        "--batch-size", 1, "--max-steps", 2, "--device", "cpu",
    )  # fmt: skip
    assert (run.code, run.out) == (0, "")
    assert str(tmp_path / "run" / "vqgan.safetensors") in run.err
    assert (tmp_path / "run" / "vqgan.safetensors").is_file()


def test_quiet_is_quiet(run_lle, tmp_path, make_picture):
    make_picture(tmp_path / "photos" / "0.png", (64, 64))
    run = run_lle(
        "train", "vqgan", "-o", tmp_path / "run", "--data", tmp_path / "photos", "--crop", 64,
        "--batch-size", 1, "--max-steps", 1, "-q",
    )  # fmt: skip
    assert run == (0, "", "")


def test_a_photo_that_cannot_be_read_is_named(run_lle, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "text.jpg").write_text("no picture")
    run = run_lle("train", "vqgan", "-o", tmp_path / "run", "--data", tmp_path / "photos")
    assert run.code == 6
    assert "text.jpg" in run.err


def test_an_unknown_setting_brings_the_nearest_to_mind(run_lle, tmp_path):
    run = run_lle("train", "vqgan", "-o", tmp_path / "run", "--set", "run.step=3", "--print-config")
    assert run.code == 2
    assert "run.steps" in run.err
