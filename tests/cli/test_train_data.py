"""``lle train``: which images are trained on, validated on, left out and refused."""

import csv
import json
import re
import shlex

import numpy as np
import pytest
from PIL import Image

from tests.cli.short_training import NARROW, save_pairs, save_photos


@pytest.fixture
def train_pairs(run_lle, tmp_path):
    """Takes one step of stage II on pairs."""
    return lambda *words: run_lle("train", "codeenhance", "-o", tmp_path / "run", *NARROW, *words)


def metrics(folder):
    lines = (folder / "run" / "metrics.jsonl").read_text().splitlines()
    return {key: value for line in lines for key, value in json.loads(line).items()}


def test_two_of_six_pairs_are_held_out_and_scored(train_pairs, tmp_path, make_picture):
    save_pairs(tmp_path / "p", "abcdef", make_picture)
    run = train_pairs("--pairs", tmp_path / "p")
    assert run.code == 0
    assert "4 pairs, 2 validation pairs" in run.err
    assert "no validation" not in run.err
    assert "psnr" in metrics(tmp_path)
    assert (tmp_path / "run" / "ckpt" / "best.safetensors").is_file()


def test_the_last_step_of_a_short_run_is_in_the_metrics(train_pairs, tmp_path, make_picture):
    save_pairs(tmp_path / "p", "abcdef", make_picture)
    assert train_pairs("--pairs", tmp_path / "p", "--set", "run.journal_every=20").code == 0
    found = metrics(tmp_path)
    assert (found["step"], found["loss"] > 0, found["lr"] > 0) == (0, True, True)
    (row,) = csv.DictReader((tmp_path / "run" / "metrics.csv").read_text().splitlines())
    assert float(row["psnr"]) == found["psnr"]


def test_a_step_is_a_short_line_and_all_metrics_with_v(train_pairs, tmp_path, make_picture):
    save_pairs(tmp_path / "p", "abcdef", make_picture)
    plain = train_pairs("--pairs", tmp_path / "p", "--progress", "lines")
    (line,) = [line for line in plain.err.splitlines() if line.startswith("step 1/1")]
    assert re.fullmatch(r"step 1/1  loss \S+  lr \S+  \S+ img/s", line)
    detailed = train_pairs("--pairs", tmp_path / "p", "--progress", "lines", "--resume", "none", "-v")
    assert re.search(r"step 1/1 .* smallness \S+ .* memory_mb", detailed.err)


def test_the_end_of_a_run_names_its_best_score_and_the_next_command(
    train_pairs, train_photos, tmp_path, make_picture
):
    save_pairs(tmp_path / "p", "abcdef", make_picture)
    run = train_pairs("--pairs", tmp_path / "p", "--cache", tmp_path / "cache")
    folder = tmp_path / "run"
    best = folder / "ckpt" / "best.safetensors"
    psnr = metrics(tmp_path)["psnr"]
    assert run.err.splitlines()[-4:] == [
        f"weights: {folder / 'codeenhance.safetensors'} (step 1)",
        f"best: psnr {psnr:.2f} dB at step 1: {best}",
        f"try it: lle enhance PHOTOS -o OUT -m codeenhance --checkpoint {best}",
        f"report: lle report {folder} --report report.html",
    ]
    assert re.search(rf"image cache: {tmp_path / 'cache'}, 0\.1 MB \(see lle cache\)", run.err)
    stage_one = train_photos("--data", tmp_path / "p" / "high", "--resume", "none")
    assert f"--vqgan {best}" in stage_one.err
    assert "image cache" not in stage_one.err


def test_trained_weights_enhance_as_the_summary_says(train_pairs, run_lle, tmp_path, make_picture):
    save_pairs(tmp_path / "p", "abcdef", make_picture)
    run = train_pairs("--pairs", tmp_path / "p")
    (line,) = [line for line in run.err.splitlines() if line.startswith("try it: lle ")]
    words = shlex.split(line.removeprefix("try it: lle "))
    places = {"PHOTOS": tmp_path / "p" / "low", "OUT": tmp_path / "out"}
    assert run_lle(*(places.get(word, word) for word in words), "--device", "cpu").code == 0
    assert len(list((tmp_path / "out").glob("*.png"))) == 6


def test_a_run_without_validation_warns_once(train_pairs, train_photos, tmp_path, make_picture):
    save_pairs(tmp_path / "p", "abc", make_picture)
    warning, folder = "warning  no validation:", "--val DIR with low/ and high/"
    run = train_pairs("--pairs", tmp_path / "p")
    assert run.code == 0
    assert run.err.count(f"{warning} no pair is held out; give {folder}, or --val-share 0.1") == 1
    photos = train_pairs("--data", tmp_path / "p" / "high", "--resume", "none")
    assert (
        photos.err.count(f"{warning} there are no pairs to validate on; give --pairs DIR, or {folder}") == 1
    )
    stage_one = train_photos("--data", tmp_path / "p" / "high", "--resume", "none")
    assert stage_one.err.count(f"{warning} no photo is held out; give --val DIR or --val-share 0.1") == 1


def test_pairs_are_enough_to_tune(run_lle, tmp_path, make_picture):
    save_pairs(tmp_path / "p", "abc", make_picture)
    words = ("train", "codeenhance-tune", "-o", tmp_path / "run", "--pairs", tmp_path / "p", *NARROW)
    run = run_lle(*words, "--val-share", 0)
    assert (run.code, "0 photos, 3 pairs" in run.err) == (0, True)


def test_a_share_holds_out_even_one_of_three(train_photos, tmp_path, make_picture):
    save_photos(tmp_path / "photos", "abc", make_picture)
    run = train_photos("--val-share", 0.1)
    assert (run.code, "2 photos, 1 validation photo" in run.err) == (0, True)
    assert "no validation" not in run.err


def test_a_folder_to_validate_on_leaves_all_others_to_train_on(train_pairs, tmp_path, make_picture):
    save_pairs(tmp_path / "p", "abcdefg", make_picture)
    save_pairs(tmp_path / "v", "xy", make_picture, ("input", "target"))
    run = train_pairs("--pairs", tmp_path / "p", "--val", tmp_path / "v")
    assert run.code == 0
    assert "7 pairs, 2 validation pairs" in run.err
    assert "psnr" in metrics(tmp_path)


def test_photos_of_a_folder_to_validate_on_are_not_trained_on(train_photos, tmp_path, make_picture):
    save_photos(tmp_path / "photos", "abc", make_picture)
    save_photos(tmp_path / "photos" / "val", "xy", make_picture)
    run = train_photos("--val", tmp_path / "photos" / "val")
    assert (run.code, "3 photos, 2 validation photos" in run.err) == (0, True)


def test_a_folder_is_not_both_trained_and_validated_on(train_pairs, train_photos, tmp_path, make_picture):
    save_pairs(tmp_path / "p", "ab", make_picture)
    save_photos(tmp_path / "photos", "ab", make_picture)
    for run in (
        train_pairs("--pairs", tmp_path / "p", "--val", tmp_path / "p"),
        train_photos("--val", tmp_path / "photos"),
    ):
        assert (run.code, "is also trained on" in run.err) == (2, True)


def test_photos_are_trained_on_whatever_their_names(train_photos, tmp_path, make_picture):
    save_photos(tmp_path / "photos", ("115", "197", "004", "a", "b"), make_picture)
    assert "5 photos, 0 validation photos" in train_photos().err


def test_names_of_no_image_are_an_error(train_photos, train_pairs, tmp_path, make_picture):
    save_photos(tmp_path / "photos", ("night1", "a"), make_picture)
    run = train_photos("--set", 'data.held_out=["night1", "nosuch"]')
    assert run.code == 2
    assert "data.held_out: no image is called nosuch;" in run.err
    assert "night1" not in run.err
    save_pairs(tmp_path / "p", "abc", make_picture)
    run = train_pairs("--pairs", tmp_path / "p", "--set", 'data.cast=["b", "c.png"]')
    assert run.code == 2
    assert "data.cast: no image is called c.png;" in run.err
    assert not (tmp_path / "run").exists()
    assert train_pairs("--pairs", tmp_path / "p", "--set", 'data.held_out=["b"]').code == 0


def damage(path):
    path.write_bytes(path.read_bytes()[:60])


def test_damaged_photos_are_left_out_if_asked(train_photos, tmp_path, make_picture):
    save_photos(tmp_path / "photos", "abcdefghijk", make_picture)
    for name in "acdefgh":
        damage(tmp_path / "photos" / f"{name}.png")
    refused = train_photos()
    assert (refused.code, refused.err.count("cannot train on")) == (6, 7)
    assert refused.err.rstrip().endswith("--skip-broken leaves out what cannot be used")
    run = train_photos("--skip-broken")
    assert run.code == 0
    assert run.err.count("warning  left out: cannot train on") == 5
    assert "photos/a.png" in run.err
    assert "warning  2 more left out" in run.err
    assert "4 photos, 0 validation photos" in run.err


def test_pairs_that_cannot_be_used_are_left_out_if_asked(train_pairs, tmp_path, make_picture):
    save_pairs(tmp_path / "p", "abcdefg", make_picture)
    damage(tmp_path / "p" / "low" / "b.png")
    make_picture(tmp_path / "p" / "high" / "c.png", (80, 64))
    (tmp_path / "p" / "low" / "g.png").unlink()
    refused = train_pairs("--pairs", tmp_path / "p")
    assert (refused.code, "3 problems" in refused.err, "--skip-broken" in refused.err) == (6, True, True)
    run = train_pairs("--pairs", tmp_path / "p", "--skip-broken")
    assert run.code == 0
    assert run.err.count("warning  left out: ") == 3
    assert "2 pairs, 2 validation pairs" in run.err


def test_a_damaged_class_map_is_named_or_left_out(run_lle, tmp_path, make_picture):
    save_photos(tmp_path / "photos", "ab", make_picture)
    for name in "ab":
        noise = np.random.default_rng(0).integers(0, 2, (64, 64), np.uint8)
        Image.fromarray(noise).save(make_picture(tmp_path / "maps" / f"{name}.png"))
    damage(tmp_path / "maps" / "b.png")
    words = (
        "train", "semantic", "-o", tmp_path / "run", *NARROW, "--data", tmp_path / "photos",
        "--labels", tmp_path / "maps", "--label-root", tmp_path / "photos",
    )  # fmt: skip
    refused = run_lle(*words)
    assert (refused.code, "maps/b.png" in refused.err, "--skip-broken" in refused.err) == (6, True, True)
    run = run_lle(*words, "--skip-broken")
    assert "left out: cannot read the class map" in run.err
    assert "1 photo, 0 validation photos" in run.err


def test_no_usable_image_is_an_error_even_so(train_photos, tmp_path, make_picture):
    save_photos(tmp_path / "photos", "a", make_picture)
    damage(tmp_path / "photos" / "a.png")
    run = train_photos("--skip-broken")
    assert (run.code, "a.png" in run.err, "--skip-broken" in run.err) == (6, True, False)


def test_pairs_can_be_given_as_two_folders(train_pairs, tmp_path, make_picture):
    save_pairs(tmp_path / "p", "abc", make_picture, ("dark", "bright"))
    save_pairs(tmp_path / "q", "def", make_picture, ("input", "target"))
    halves = ("--low", tmp_path / "p" / "dark", "--gt", tmp_path / "p" / "bright")
    run = train_pairs(*halves, "--pairs", tmp_path / "q", "--val-share", 0.4)
    assert (run.code, "4 pairs, 2 validation pairs" in run.err) == (0, True)
    lonely = train_pairs(*halves[:2])
    assert (lonely.code, lonely.err) == (
        2,
        "lle: error: give --low DIR and --gt DIR together, equally often\n",
    )


def test_a_wrong_folder_of_pairs_is_refused_before_anything_else_is_said(train_pairs, tmp_path, make_picture):
    save_pairs(tmp_path / "p", "abc", make_picture)
    inner = train_pairs("--pairs", tmp_path / "p" / "low")
    message = "--pairs takes a folder that holds low/ and high/ (or input/ and target/)"
    assert (inner.code, inner.err) == (2, f"lle: error: {message}; '{tmp_path / 'p' / 'low'}' does not\n")
    for words in (("--pairs", tmp_path / "x"), ("--data", tmp_path / "x")):
        missing = train_pairs(*words)
        assert (missing.code, missing.err) == (2, f"lle: error: no such folder: '{tmp_path / 'x'}'\n")
    half = train_pairs("--low", tmp_path / "p" / "low", "--gt", tmp_path / "x")
    assert (half.code, half.err) == (2, f"lle: error: no such folder: '{tmp_path / 'x'}'\n")


def test_a_folder_without_photos_beside_one_with_some_is_named(run_lle, tmp_path, make_picture):
    make_picture(tmp_path / "some" / "a.png", size=(80, 80))
    (tmp_path / "none").mkdir()
    words = ("train", "vqgan", "--data", tmp_path / "some", "--data", tmp_path / "none")
    run = run_lle(*words, "-o", tmp_path / "run", "--max-steps", 1, "--crop", 64, "--device", "cpu")
    assert run.code == 6
    assert f"no photos under {tmp_path / 'none'}" in run.err
    assert not (tmp_path / "run").exists()
