"""``lle train``: folders that hold more than images to train on, and images that come and go during a run."""

import json

from tests.cli.short_training import NARROW, save_pairs, save_photos


def test_a_run_inside_its_data_and_junk_files_are_not_trained_on(train_photos, tmp_path, make_picture):
    save_photos(tmp_path, "abcdef", make_picture)
    for folder in (".trash", "@eaDir"):
        save_photos(tmp_path / folder, "g", make_picture)
    (tmp_path / "._a.png").write_bytes(b"no image")
    first = train_photos("--data", tmp_path, "--val-every", 1)
    assert first.code == 0
    assert "4 photos, 2 validation photos" in first.err
    assert list((tmp_path / "run" / "samples").glob("*.jpg"))
    again = train_photos("--data", tmp_path, "--max-steps", 2)
    assert again.code == 0
    assert "4 photos, 2 validation photos" in again.err


def test_what_a_run_made_in_a_folder_of_photos_is_not_trained_on(train_photos, tmp_path, make_picture):
    photos = tmp_path / "photos"
    save_photos(photos, "abcdef", make_picture)
    save_photos(photos / "samples", "gh", make_picture)
    (photos / "config.resolved.toml").write_text("")
    (photos / "metrics.jsonl").write_text("")
    assert "4 photos, 2 validation photos" in train_photos().err


def test_a_run_folder_that_is_a_folder_of_data_is_refused(train_photos, run_lle, tmp_path, make_picture):
    save_photos(tmp_path / "run", "ab", make_picture)
    refused = train_photos("--data", tmp_path / "run")
    assert refused.code == 2
    assert f"--out '{tmp_path / 'run'}' is also a folder of data; name another folder" in refused.err
    assert not (tmp_path / "run" / "ckpt").exists()
    save_pairs(tmp_path / "p", "abcdef", make_picture)
    for out in ("p", "p/low"):
        words = ("train", "codeenhance", "-o", tmp_path / out, "--pairs", tmp_path / "p")
        assert run_lle(*words, *NARROW).code == 2


def test_photos_added_and_removed_do_not_change_the_split_of_a_run(train_photos, tmp_path, make_picture):
    photos = tmp_path / "photos"
    save_photos(photos, "bcdefg", make_picture)  # b and e are held out
    assert train_photos("--ckpt-every", 1).code == 0
    begun = (tmp_path / "run" / "split.json").read_text()
    assert json.loads(begun)["validation"] == ["photos/b.png", "photos/e.png"]

    save_photos(photos, "ahi", make_picture)
    (photos / "g.png").unlink()
    again = train_photos("--max-steps", 2)
    assert again.code == 0
    assert again.err.count("warning  3 images added, 1 removed since the run began\n") == 1
    assert "6 photos, 2 validation photos" in again.err
    assert (tmp_path / "run" / "split.json").read_text() == begun

    (photos / "e.png").unlink()
    fewer = train_photos("--max-steps", 3).err
    assert "3 images added, 2 removed since the run began; the validation images differ" in fewer
    assert "6 photos, 1 validation photo\n" in fewer

    chosen_anew = train_photos("--max-steps", 4, "--val-share", 0.5)
    assert "since the run began" not in chosen_anew.err
    assert (
        "3 photos, 4 validation photos" in chosen_anew.err
        or "4 photos, 3 validation photos" in chosen_anew.err
    )


def test_pairs_added_to_a_run_are_trained_on(run_lle, tmp_path, make_picture):
    words = ("train", "codeenhance", "-o", tmp_path / "run", "--pairs", tmp_path / "p", *NARROW)
    save_pairs(tmp_path / "p", "bcdefg", make_picture)
    assert run_lle(*words).code == 0
    save_pairs(tmp_path / "p", "ahijkl", make_picture)
    again = run_lle(*words, "--max-steps", 2)
    assert "warning  6 images added, 0 removed since the run began\n" in again.err
    assert "10 pairs, 2 validation pairs" in again.err
    names = json.loads((tmp_path / "run" / "split.json").read_text())
    assert names["validation"] == ["p/b", "p/e"]


def test_the_first_stage_of_drgn_trains_on_photos_alone(run_lle, tmp_path, make_picture):
    save_photos(tmp_path / "photos", "ab", make_picture)
    words = ("train", "drgn-degradation", "-o", tmp_path / "run", "--data", tmp_path / "photos", *NARROW)
    run = run_lle(*words)
    assert run.code == 0, run.err
    weights = tmp_path / "run" / "drgn-degradation.safetensors"
    assert f"lle train drgn-refinement --data PHOTOS --degradation {weights} --out OUT" in run.err

    words = ("train", "drgn-refinement", "-o", tmp_path / "two", "--data", tmp_path / "photos", *NARROW)
    other = run_lle(*words, "--degradation", weights, "--size", "drgn")
    assert other.code == 6
    assert f"weights {weights} are of size lw-drgn: add --size lw-drgn\n" in other.err
