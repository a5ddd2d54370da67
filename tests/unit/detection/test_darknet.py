"""YOLO as CVAT exports it, written out by the format page of CVAT."""

from pathlib import Path

import pytest

from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.collection import AnnotationError
from lowlight_cli.detection.detect_format import detect_format, read_collection


def write_export(folder: Path, make_picture, *, before: str = "", images: bool = True) -> None:
    """Three images for training, one of them below a folder, and one for validation.

    Args:
        folder: Of the dataset.
        make_picture: Writes an image.
        before: Put before each path, as CVAT does in some versions.
        images: Whether images are exported with their labels.
    """
    names = {"train": ["a.jpg", "night/b.PNG", "empty.jpg"], "valid": ["c.jpg"]}
    lines = ["classes = 2", f"names = {before}obj.names", "backup = backup/"]
    for subset, files in names.items():
        lines.append(f"{subset} = {before}{subset}.txt")
        for name in files:
            path = folder / f"obj_{subset}_data" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".txt").write_text("" if name == "empty.jpg" else "1 0.5 0.25 0.5 0.5\n")
            if images:
                make_picture(path)
        listed = [f"{before}obj_{subset}_data/{name}" for name in files]
        (folder / f"{subset}.txt").write_text("\r\n".join(listed), newline="")
    (folder / "obj.names").write_text("cat\ntraffic light\n")
    (folder / "obj.data").write_text("\n".join(lines))


@pytest.mark.parametrize("before", ["", "data/"])
def test_what_cvat_exports_is_recognized_and_read(tmp_path, make_picture, before):
    write_export(tmp_path, make_picture, before=before)
    make_picture(tmp_path / "obj_train_data" / "unlisted.jpg")

    assert detect_format(tmp_path) == "yolo"
    found = read_collection(tmp_path, None)

    box = Box(1, 0.25, 0.0, 0.75, 0.5)
    assert {sample.name: (sample.split, sample.boxes) for sample in found.samples} == {
        "a.jpg": ("train", (box,)),
        "b.PNG": ("train", (box,)),
        "empty.jpg": ("train", ()),
        "c.jpg": ("val", (box,)),
    }
    assert all(sample.relative for sample in found.samples)
    assert found.classes == ("cat", "traffic light")
    assert [(each.name, each.split) for each in found.without_annotation] == [("unlisted.jpg", None)]
    assert (found.without_image, found.errors) == ((), ())


def test_an_image_without_a_label_stays_in_the_split_of_its_list(tmp_path, make_picture):
    write_export(tmp_path, make_picture)
    (tmp_path / "obj_valid_data" / "c.txt").unlink()
    (unlabelled,) = read_collection(tmp_path, None).without_annotation
    assert (unlabelled.name, unlabelled.split, unlabelled.boxes) == ("c.jpg", "val", ())


def test_labels_that_were_exported_alone_are_named(tmp_path, make_picture):
    write_export(tmp_path, make_picture, images=False)

    found = read_collection(tmp_path, None)

    assert found.samples == ()
    assert [path.name for path in found.without_image] == ["a.txt", "b.txt", "empty.txt", "c.txt"]


def test_a_label_that_fails_names_its_line_and_leaves_its_image_out(tmp_path, make_picture):
    write_export(tmp_path, make_picture)
    (tmp_path / "obj_train_data" / "a.txt").write_text("0 0.5 0.5 0.1 0.1\n7 0.5 0.5 0.1 0.1\n")

    found = read_collection(tmp_path, None)

    assert sorted(sample.name for sample in found.samples) == ["b.PNG", "c.jpg", "empty.jpg"]
    assert "a.txt:2: unknown class 7" in str(found.errors[0])
    assert found.without_annotation == ()


@pytest.mark.parametrize("gone", ["obj.names", "valid.txt"])
def test_a_data_file_that_refers_to_nothing_is_an_error(tmp_path, make_picture, gone):
    write_export(tmp_path, make_picture)
    (tmp_path / gone).unlink()

    with pytest.raises(AnnotationError, match=rf"obj.data: '{gone}' is missing"):
        read_collection(tmp_path, None)


def test_lists_of_the_newer_export_may_start_with_data(tmp_path, make_picture):
    make_picture(tmp_path / "images" / "train" / "a.jpg")
    (tmp_path / "labels" / "train").mkdir(parents=True)
    (tmp_path / "labels" / "train" / "a.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    (tmp_path / "train.txt").write_text("data/images/train/a.jpg\n")
    (tmp_path / "data.yaml").write_text("path: .\ntrain: train.txt\nnames:\n  0: cat\n")

    (sample,) = read_collection(tmp_path, None).samples

    assert (sample.name, sample.split) == ("a.jpg", "train")
