"""Order of the classes of VOC's XML, and that each file is read once."""

from pathlib import Path

import pytest

from lowlight_cli.detection.detect_format import read_collection
from lowlight_cli.detection.exdark import CLASSES


@pytest.fixture
def folder(tmp_path, make_picture):
    for stem, name in (("a", "Dog"), ("b", "Bicycle")):
        make_picture(tmp_path / f"{stem}.jpg")
        edges = "<xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>8</ymax>"
        thing = f"<object><name>{name}</name><bndbox>{edges}</bndbox></object>"
        (tmp_path / f"{stem}.xml").write_text(f"<annotation>{thing}</annotation>")
    return tmp_path


def test_classes_of_exdark_keep_their_official_numbers(folder):
    found = read_collection(folder, "voc")

    assert found.classes == CLASSES
    assert [CLASSES[sample.boxes[0].label] for sample in found.samples] == ["Dog", "Bicycle"]


def test_other_classes_are_in_alphabetical_order(folder):
    file = folder / "a.xml"
    file.write_text(file.read_text().replace("Dog", "Zebra"))

    found = read_collection(folder, "voc")

    assert found.classes == ("Bicycle", "Zebra")
    assert [sample.boxes[0].label for sample in found.samples] == [1, 0]


def test_each_annotation_is_read_once(folder, monkeypatch):
    read, whole = [], Path.read_bytes

    def reading(path):
        read.append(path.name)
        return whole(path)

    monkeypatch.setattr(Path, "read_bytes", reading)
    read_collection(folder, "voc")

    assert sorted(name for name in read if name.endswith(".xml")) == ["a.xml", "b.xml"]
