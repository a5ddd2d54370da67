"""``lle detect-prep``: splits that end up empty, and what runs leave in their folder for the next one."""

import pytest
import yaml

from lowlight_cli.detection.detect_format import read_collection

IDENTITY = ("--model", "identity")


@pytest.mark.parametrize("form", ["yolo", "coco", "voc"])
def test_a_source_without_a_split_is_warned_about(run_lle, voc, tmp_path, form):
    (voc / "train.txt").unlink()
    (voc / "test.txt").unlink()

    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", "--to", form, *IDENTITY)
    split = run_lle("detect-prep", voc, "-o", tmp_path / "out", "--to", form, "--split", "6:1:1", *IDENTITY)

    assert (run.code, split.code) == (0, 0)
    (warning,) = [line for line in run.err.splitlines() if line.startswith("lle: warning:")]
    assert warning.startswith("lle: warning: no val split: ")
    assert warning.endswith("; use --split 8:1:1")
    assert "warning" not in split.err
    assert "train 6, val 1, test 1" in split.err
    if form == "yolo":
        assert "val points at train" in warning


def test_a_split_that_loses_its_images_to_failures_is_warned_about(run_lle, voc, tmp_path):
    (voc / "test.txt").rename(voc / "val.txt")
    for index in (6, 7, 8):
        path = voc / "JPEGImages" / f"{index}.jpg"
        path.write_bytes(path.read_bytes()[:-80])

    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", *IDENTITY)

    assert run.code == 3
    assert "no val split: val points at train" in run.err
    content = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text())
    assert content["val"] == "images/train"


@pytest.mark.parametrize("form", ["yolo", "coco", "voc"])
def test_own_previews_and_reports_are_passed_over(run_lle, voc, tmp_path, form):
    run_lle("detect-prep", voc, "-o", tmp_path / "out", "--to", form, *IDENTITY)
    assert (tmp_path / "out" / "preview_train.jpg").is_file()

    run = run_lle("detect-prep", tmp_path / "out", "-o", tmp_path / "again", "--keep-unlabelled", *IDENTITY)

    assert run.code == 0
    assert f"{form}: 8 images" in run.err
    assert "without annotation" not in run.err
    assert not list((tmp_path / "again" / "images").rglob("preview_*"))


def test_an_image_that_is_only_named_like_a_preview_is_kept(run_lle, voc, tmp_path):
    for folder, suffix in (("JPEGImages", ".jpg"), ("Annotations", ".xml")):
        (voc / folder / f"1{suffix}").rename(voc / folder / f"preview_train{suffix}")

    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", *IDENTITY)

    assert run.code == 0
    assert (tmp_path / "out" / "images" / "train" / "preview_train.jpg").is_file()


@pytest.mark.parametrize(
    ("form", "listing"), [("coco", "annotations/instances_val.json"), ("voc", "ImageSets/Main/val.txt")]
)
def test_lists_and_previews_of_a_split_that_is_gone_are_removed(run_lle, voc, tmp_path, form, listing):
    out = tmp_path / "out"
    run_lle("detect-prep", voc, "-o", out, "--to", form, "--split", "6:2", *IDENTITY)
    assert (out / listing).is_file()
    assert (out / "preview_val.jpg").is_file()

    run_lle("detect-prep", voc, "-o", out, "--to", form, *IDENTITY)

    assert not (out / listing).exists()
    assert not (out / "preview_val.jpg").exists()
    assert (out / "preview_test.jpg").is_file()


def test_both_variants_in_place_of_one_leave_nothing_of_it(run_lle, voc, tmp_path):
    out = tmp_path / "out"
    run_lle("detect-prep", voc, "-o", out, *IDENTITY)
    assert (out / "data.yaml").is_file()

    both = run_lle("detect-prep", voc, "-o", out, "--variant", "both", *IDENTITY)

    assert both.code == 0
    assert not [name for name in ("data.yaml", "classes.txt", "images", "labels") if (out / name).exists()]
    one = run_lle("detect-prep", voc, "-o", out, *IDENTITY)
    assert one.code == 0
    assert not (out / "original").exists()
    assert not (out / "enhanced" / "data.yaml").exists()
    assert len(read_collection(out, None).samples) == 8


def test_a_folder_of_both_variants_is_no_source(run_lle, voc, tmp_path):
    run_lle("detect-prep", voc, "-o", tmp_path / "both", "--variant", "both", *IDENTITY)

    run = run_lle("detect-prep", tmp_path / "both", "-o", tmp_path / "out", *IDENTITY)

    assert (run.code, run.out) == (2, "")
    assert run.err == f"lle: error: '{tmp_path / 'both'}' holds original/ and enhanced/: name one\n"
    assert not (tmp_path / "out").exists()
