import json
from pathlib import Path

import pytest

from lowlight_cli.detection.boxes import Box, clipped, turned_upright
from lowlight_cli.detection.class_names import ClassNames
from lowlight_cli.detection.collection import AnnotationError
from lowlight_cli.detection.detect_format import detect_format, read_collection
from lowlight_cli.detection.exdark import CLASSES
from lowlight_cli.detection.files import AnnotationFile
from lowlight_cli.detection.official_split import official_split
from lowlight_cli.detection.voc import parse_voc
from lowlight_cli.detection.yolo import parse_yolo

BBGT = "% bbGt version=3\r\nDog 13 98 313 342 0 0 0 0 0 0 0\r\nPeople 1 2 3 4 0 0 0 0 0 0 0\r\n"
XML = (
    "<annotation><filename>a.jpg</filename><size><width>48</width><height>32</height></size>"
    "<object><name>Dog</name><difficult>1</difficult>"
    "<bndbox><xmin>13</xmin><ymin>8</ymin><xmax>26</xmax><ymax>30.5</ymax></bndbox></object></annotation>"
)


def box(label: int, *edges: float, **marks: bool) -> Box:
    return Box(label, *map(float, edges), **marks)


def annotation(text: str, name: str = "a.txt") -> AnnotationFile:
    return AnnotationFile(Path(name), text.encode())


def test_exdark_is_recognized_and_read(tmp_path, make_picture):
    make_picture(tmp_path / "ExDark" / "Dog" / "2015_05327.JPEG", (375, 500))
    make_picture(tmp_path / "ExDark" / "Dog" / "alone.png")
    notes = tmp_path / "ExDark_Annno" / "Dog"
    notes.mkdir(parents=True)
    (notes / "2015_05327.jpeg.txt").write_text(BBGT, newline="")
    (notes / "2015_00001.png.txt").write_text(BBGT)
    (tmp_path / "imageclasslist.txt").write_text(
        "Name | Class | Light\r\n2015_05327.jpeg 9 1 1 2\r\nalone.png 9 1 1 3\r\n", newline=""
    )

    assert detect_format(tmp_path) == "exdark"
    found = read_collection(tmp_path, None)

    (sample,) = found.samples
    assert sample.boxes == (box(8, 13, 98, 326, 440), box(10, 1, 2, 4, 6))
    assert sample.split == "val"
    assert [path.name for path in found.without_image] == ["2015_00001.png.txt"]
    assert [(each.name, each.split) for each in found.without_annotation] == [("alone.png", "test")]
    assert found.classes == CLASSES


def test_voc_is_recognized_and_read(tmp_path, make_picture):
    make_picture(tmp_path / "JPEGImages" / "a.jpg")
    (tmp_path / "Annotations").mkdir()
    (tmp_path / "Annotations" / "a.xml").write_text(XML)
    (tmp_path / "test.txt").write_text("a\n")

    assert detect_format(tmp_path) == "voc"
    found = read_collection(tmp_path, None)

    (sample,) = found.samples
    assert sample.boxes == (box(CLASSES.index("Dog"), 13, 8, 26, 30.5, difficult=True),)
    assert sample.stated_size == (48, 32)
    assert sample.split == "test"


def test_voc_pixels_that_count_from_one_become_edges():
    sample = parse_voc(annotation(XML), ClassNames(["dog"]), inclusive=True)

    assert sample.boxes[0].edges == (12, 7, 26, 30.5)


def test_yolo_is_recognized_and_read(tmp_path, make_picture):
    make_picture(tmp_path / "images" / "train" / "a.jpg")
    make_picture(tmp_path / "images" / "val" / "b.jpg")
    (tmp_path / "labels" / "train").mkdir(parents=True)
    (tmp_path / "labels" / "train" / "a.txt").write_text("1 0.5 0.25 0.5 0.5\n")
    (tmp_path / "labels" / "train" / "lost.txt").write_text("")
    (tmp_path / "data.yaml").write_text(
        "path: /nowhere\ntrain: images/train\nval: images/val\nnames:\n  0: x\n  1: y\n"
    )

    assert detect_format(tmp_path) == "yolo"
    found = read_collection(tmp_path, None)

    (sample,) = found.samples
    assert sample.boxes == (box(1, 0.25, 0.0, 0.75, 0.5),)
    assert (sample.split, sample.relative, found.classes) == ("train", True, ("x", "y"))
    assert [(each.name, each.split) for each in found.without_annotation] == [("b.jpg", "val")]
    assert [path.name for path in found.without_image] == ["lost.txt"]


def test_a_folder_named_for_two_splits_is_read_once(tmp_path, make_picture):
    make_picture(tmp_path / "images" / "test" / "a.jpg")
    (tmp_path / "labels" / "test").mkdir(parents=True)
    (tmp_path / "labels" / "test" / "a.txt").write_text("0 0.5 0.25 0.5 0.5\n")
    (tmp_path / "data.yaml").write_text(
        "train: images/test\nval: images/test\ntest: images/test\nnames: [x]\n"
    )

    (sample,) = read_collection(tmp_path, None).samples

    assert sample.split == "test"


def test_coco_is_recognized_and_read(tmp_path, make_picture):
    for place in ("val2017/a.jpg", "val2017/more.jpg", "trees/more.jpg"):
        make_picture(tmp_path / place)
    content = {
        "images": [
            {"id": 7, "file_name": "a.jpg", "width": 48, "height": 32},
            {"id": 8, "file_name": "gone.jpg"},
        ],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 90, "bbox": [1, 2, 3.5, 4], "iscrowd": 1},
            {"id": 2, "image_id": 9, "category_id": 90, "bbox": [1, 2, 3, 4]},
        ],
        "categories": [{"id": 90, "name": "toothbrush"}, {"id": 3, "name": "car"}],
    }
    (tmp_path / "instances_val2017.json").write_text(json.dumps(content))

    assert detect_format(tmp_path) == "coco"
    found = read_collection(tmp_path, None)

    (sample,) = found.samples
    assert found.classes == ("car", "toothbrush")
    assert sample.boxes == (box(1, 1, 2, 4.5, 6, crowd=True),)
    assert sample.split == "val"
    assert "no image has the id 9" in str(found.errors[0])
    unlabelled = {each.image.parent.name: each.split for each in found.without_annotation}
    assert unlabelled == {"val2017": "val", "trees": None}
    assert [path.name for path in found.without_image] == ["gone.jpg"]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("Dog 1 2 3 4\n", 1, "header"),
        ("% bbGt version=3\nDog 1 2 3\n", 2, "four numbers"),
        ("% bbGt version=3\nDog 1 2 3 4\nUnicorn 1 2 3 4\n", 3, "unknown class 'Unicorn'"),
        ("% bbGt version=3\nDog 1 nan 3 4\n", 2, "not a number"),
    ],
)
def test_a_broken_bbgt_line_is_named(text, line, reason):
    from lowlight_cli.detection.exdark import parse_bbgt

    with pytest.raises(AnnotationError, match=reason) as caught:
        parse_bbgt(annotation(text), ClassNames(CLASSES))
    assert f"a.txt:{line}:" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<annotation><object>", ":1: not XML"),
        ("<html/>", "the root element is 'html'"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><annotation/>", "entities"),
        ("<annotation>\n<object><name>Cow</name></object></annotation>", ":2: unknown class 'Cow'"),
        ("<annotation><object><name>Dog</name></object></annotation>", "no bndbox"),
        (XML.replace(">13<", ">thirteen<"), "xmin is not a number: 'thirteen'"),
    ],
)
def test_broken_xml_is_named(text, reason):
    with pytest.raises(AnnotationError, match=reason):
        parse_voc(annotation(text, "a.xml"), ClassNames(CLASSES), inclusive=False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0 0.5 0.5 0.1\n", "expected five numbers, not 4"),
        ("0 0.1 0.1 0.2 0.2 0.3 0.3\n", "polygons"),
        ("\n2 0.5 0.5 0.1 0.1\n", ":2: unknown class 2; classes are 0 to 1"),
        ("0.5 0.5 0.5 0.1 0.1\n", "unknown class 0.5"),
        ("0 0.5 inf 0.1 0.1\n", "not a number"),
    ],
)
def test_broken_yolo_labels_are_named(text, reason):
    with pytest.raises(AnnotationError, match=reason):
        parse_yolo(annotation(text), 2)


def test_a_short_line_in_a_class_list_is_named(tmp_path):
    (tmp_path / "imageclasslist.txt").write_text("Name | Class\n2015_00001.png 1 2\n")

    (error,) = official_split([tmp_path / "imageclasslist.txt"]).errors

    assert str(error).startswith(f"{tmp_path / 'imageclasslist.txt'}:2: expected a name and four numbers")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_turn_as_pixels_do(orientation):
    import numpy as np

    from lowlight_cli.images.exif_orientation import turn_upright

    stored = np.zeros((20, 30), np.uint8)
    stored[3:7, 10:16] = 1
    rows, columns = np.nonzero(turn_upright(stored, orientation))

    turned = turned_upright(box(0, 10, 3, 16, 7), orientation, 30, 20)

    assert turned.edges == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


def test_what_lies_outside_is_clipped():
    assert clipped(box(0, -5, 2, 60, 40), 48, 32).edges == (0, 2, 48, 32)
    assert clipped(box(0, 50, 2, 60, 40), 48, 32).is_empty


def coco_file(path: Path, *names: str, annotations=(), ids=None) -> None:
    images = [
        {"id": key, "file_name": name}
        for key, name in zip(ids or range(1, 1 + len(names)), names, strict=True)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    categories = [{"id": 3, "name": "car"}]
    path.write_text(json.dumps({"images": images, "annotations": [*annotations], "categories": categories}))


@pytest.mark.parametrize("sub", ["{}2017", "{}/images", "images/{}"])
def test_coco_pictures_of_one_name_are_told_apart_by_their_split(tmp_path, make_picture, sub):
    for split in ("train", "val"):
        make_picture(tmp_path / sub.format(split) / "1.jpg")
        coco_file(tmp_path / "annotations" / f"instances_{split}2017.json", "1.jpg")

    found = read_collection(tmp_path, None)

    assert {sample.split: sample.image for sample in found.samples} == {
        split: tmp_path / sub.format(split) / "1.jpg" for split in ("train", "val")
    }


def test_coco_files_beside_their_pictures_have_the_split_of_their_folder(tmp_path, make_picture):
    for split in ("train", "valid", "test"):
        make_picture(tmp_path / split / "1.jpg")
        coco_file(tmp_path / split / "_annotations.coco.json", "1.jpg")

    found = read_collection(tmp_path, None)

    assert {sample.split: sample.image.parent.name for sample in found.samples} == {
        "train": "train", "val": "valid", "test": "test"
    }  # fmt: skip


def test_a_coco_picture_that_may_be_either_of_two_is_refused(tmp_path, make_picture):
    for folder in ("a", "b"):
        make_picture(tmp_path / folder / "1.jpg")
    coco_file(tmp_path / "labels.json", "1.jpg", "b/1.jpg")

    found = read_collection(tmp_path, None)

    assert [sample.image.parent.name for sample in found.samples] == ["b"]
    assert "'1.jpg' is ambiguous: " in str(found.errors[0])


def test_coco_key_points_do_not_count_pictures_twice(tmp_path, make_picture):
    make_picture(tmp_path / "val2017" / "1.jpg")
    for name in ("instances", "person_keypoints"):
        coco_file(tmp_path / "annotations" / f"{name}_val2017.json", "1.jpg")

    assert len(read_collection(tmp_path, None).samples) == 1


@pytest.mark.parametrize(
    ("ids", "reason"), [([1, 1], "another image has the id 1"), ([1, [2]], "the image has no id")]
)
def test_coco_pictures_need_ids_of_their_own(tmp_path, make_picture, ids, reason):
    make_picture(tmp_path / "a.jpg")
    coco_file(tmp_path / "labels.json", "a.jpg", "b.jpg", ids=ids)

    with pytest.raises(AnnotationError, match=rf"images\[1\]: .*{reason}"):
        read_collection(tmp_path, None)


@pytest.mark.parametrize("change", [{"category_id": [3]}, {"image_id": [1]}, {"category_id": None}])
def test_a_coco_box_with_nonsense_for_an_id_is_named(tmp_path, make_picture, change):
    make_picture(tmp_path / "a.jpg")
    annotation = {"image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]}
    coco_file(tmp_path / "labels.json", "a.jpg", annotations=[annotation | change, annotation])

    found = read_collection(tmp_path, None)

    assert "annotations[0]" in str(found.errors[0])
    if "image_id" in change:  # nothing says which image it belongs to
        assert len(found.samples[0].boxes) == 1
    else:
        assert found.samples == ()
