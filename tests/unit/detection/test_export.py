from pathlib import Path

import pytest

from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.collection import Sample
from lowlight_cli.detection.detect_format import detect_format, read_collection
from lowlight_cli.detection.export import LabelledImage, export_labels, file_names, image_path, label_path

CLASSES = ("cat", "dog")


def labelled(name: str, split: str, *boxes: Box) -> LabelledImage:
    return LabelledImage(Sample(name, Path(name), boxes, split=split), name, (48, 32), boxes)


@pytest.fixture
def pictures():
    return [
        labelled("a.jpg", "train", Box(0, 1.0, 2.0, 11.0, 22.0), Box(1, 0.0, 0.0, 48.0, 32.0)),
        labelled("b.png", "test"),
    ]


@pytest.mark.parametrize(
    ("form", "result"), [("yolo", "data.yaml"), ("coco", "annotations"), ("voc", "Annotations")]
)
def test_what_is_written_is_recognized_and_read_back(tmp_path, make_picture, pictures, form, result):
    for each in pictures:
        make_picture(tmp_path / image_path(form, each))

    assert export_labels(form, tmp_path, pictures, CLASSES, portable=True) == tmp_path / result

    assert detect_format(tmp_path) == form
    found = {sample.name: sample for sample in read_collection(tmp_path, None, CLASSES).samples}
    assert {name: sample.split for name, sample in found.items()} == {"a.jpg": "train", "b.png": "test"}
    assert [box.label for box in found["a.jpg"].boxes] == [0, 1]
    assert found["b.png"].boxes == ()


@pytest.mark.parametrize(("form", "suffix"), [("yolo", ".txt"), ("voc", ".xml")])
def test_labels_lie_where_they_are_expected(tmp_path, pictures, form, suffix):
    export_labels(form, tmp_path, pictures, CLASSES, portable=True)

    expected = {tmp_path / label_path(form, each) for each in pictures}
    stems = {Path(each.file).stem for each in pictures}
    assert {path for path in tmp_path.rglob(f"*{suffix}") if path.stem in stems} == expected


def test_coco_has_no_file_of_labels_for_each_picture(pictures):
    assert label_path("coco", pictures[0]) is None


def test_a_second_run_writes_nothing_and_old_caches_go(tmp_path, pictures):
    export_labels("yolo", tmp_path, pictures, CLASSES, portable=False)
    (tmp_path / "labels" / "train.cache").touch()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}

    export_labels("yolo", tmp_path, pictures, CLASSES, portable=False)

    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert after == {path: time for path, time in before.items() if path.suffix != ".cache"}


def test_the_data_file_names_its_folder_unless_it_shall_be_portable(tmp_path, pictures):
    assert f"path: {tmp_path}" in export_labels(
        "yolo", tmp_path, pictures, CLASSES, portable=False
    ).read_text("utf-8")
    assert "path: .\n" in export_labels("yolo", tmp_path, pictures, CLASSES, portable=True).read_text("utf-8")


def test_pictures_of_one_stem_get_names_that_labels_can_tell_apart():
    samples = [Sample(name, Path(name), ()) for name in ("x/a.jpg", "x/A.png", "y/a.jpg", "b.jpg")]

    assert file_names(samples) == ["a_jpg.jpg", "A_png.png", "a_jpg_2.jpg", "b.jpg"]


def test_names_that_are_told_apart_take_the_place_of_no_other():
    samples = [Sample(name, Path(name), ()) for name in ("x/a.jpg", "y/a.jpg", "z/a_jpg_2.jpg", "a_jpg.png")]

    names = file_names(samples)

    assert names[2:] == ["a_jpg_2.jpg", "a_jpg.png"]
    assert len({Path(name).stem for name in names}) == len(names)


@pytest.mark.parametrize(
    ("name", "result"), [("a.NEF", "a.jpg"), ("a.heic", "a.jpg"), ("a.gif", "a.png"), ("a.JPEG", "a.JPEG")]
)
def test_pictures_that_trainers_do_not_read_get_the_name_of_another_format(name, result):
    assert file_names([Sample(name, Path(name), ())]) == [result]
