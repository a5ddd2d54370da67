"""Classes that differ only in case are one class, or an error where their indices count."""

import json

import pytest

from lowlight_cli.detection.collection import AnnotationError
from lowlight_cli.detection.detect_format import read_collection

NOTE = "classes 'car', 'Car' are read as one: 'car'"


def test_spellings_of_a_voc_class_are_one_class(tmp_path, make_picture):
    for stem, name in (("a", "car"), ("b", "Car"), ("c", "bus"), ("d", "car")):
        make_picture(tmp_path / f"{stem}.jpg")
        edges = "<xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>8</ymax>"
        thing = f"<object><name>{name}</name><bndbox>{edges}</bndbox></object>"
        (tmp_path / f"{stem}.xml").write_text(f"<annotation>{thing}</annotation>")

    found = read_collection(tmp_path, None)

    assert found.classes == ("bus", "car")
    assert [sample.boxes[0].label for sample in found.samples] == [1, 1, 0, 1]
    assert found.notes == (NOTE,)
    named = read_collection(tmp_path, None, ["Bus", "CAR"])
    assert (named.classes, named.notes) == (("Bus", "CAR"), ())


def test_spellings_of_a_coco_class_are_one_class(tmp_path, make_picture):
    make_picture(tmp_path / "a.jpg")
    names = {1: "car", 2: "bus", 7: "Car"}
    content = {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "annotations": [{"image_id": 1, "category_id": key, "bbox": [key, 1, 9, 9]} for key in names],
        "categories": [{"id": key, "name": name} for key, name in names.items()],
    }
    (tmp_path / "labels.json").write_text(json.dumps(content))

    found = read_collection(tmp_path, None)

    assert found.classes == ("car", "bus")
    assert [box.label for box in found.samples[0].boxes] == [0, 1, 0]
    assert found.notes == (NOTE,)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes.txt", "car\nbus\nCar\n"),
        ("data.yaml", "train: images\nnames: [car, bus, Car]\n"),
        ("data.yaml", "train: images\nnames: {0: car, 1: bus, 2: Car}\n"),
        ("obj.names", "car\nbus\nCar\n"),
    ],
)
def test_a_yolo_class_that_occurs_twice_is_named(tmp_path, make_picture, name, text):
    make_picture(tmp_path / "images" / "a.jpg")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    (tmp_path / name).write_text(text)
    if name == "obj.names":
        (tmp_path / "obj.data").write_text("names = obj.names\ntrain = train.txt\n")
        (tmp_path / "train.txt").write_text("images/a.jpg\n")

    with pytest.raises(AnnotationError) as caught:
        read_collection(tmp_path, None)
    assert str(caught.value) == (
        f"{tmp_path / name}: the class 'Car' occurs twice, regardless of case; rename one, or use --classes"
    )
    assert read_collection(tmp_path, None, ["x", "y", "z"]).classes == ("x", "y", "z")
