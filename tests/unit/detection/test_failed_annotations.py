"""An image with an annotation that cannot be read is left out and named, in every format of datasets."""

import json
from pathlib import Path

import pytest

from lowlight_cli.detection.detect_format import read_collection
from lowlight_cli.detection.exif_orientation import StoredSize
from lowlight_cli.detection.prepared_labels import prepare_labels

NAMES = {"good": [True], "none": [], "failed": [False, False], "mixed": [True, False]}
"""Image -> whether each of its annotations can be read."""


def write_yolo(folder: Path) -> None:
    (folder / "labels").mkdir()
    (folder / "classes.txt").write_text("Dog\n")
    for name, annotations in NAMES.items():
        rows = [f"0 0.5 0.5 0.5 {'0.5' if good else 'half'}\n" for good in annotations]
        (folder / "labels" / f"{name}.txt").write_text("".join(rows))


def write_exdark(folder: Path) -> None:
    for name, annotations in NAMES.items():
        rows = [f"Dog 1 2 3 {'4' if good else 'four'} 0 0 0 0 0 0 0\n" for good in annotations]
        (folder / f"{name}.jpg.txt").write_text("% bbGt version=3\n" + "".join(rows))


def write_voc(folder: Path) -> None:
    for name, annotations in NAMES.items():
        boxes = [
            "<object><name>Dog</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>4</xmax>"
            f"<ymax>{'6' if good else 'six'}</ymax></bndbox></object>"
            for good in annotations
        ]
        text = f"<annotation><filename>{name}.jpg</filename>{''.join(boxes)}</annotation>"
        # As some programs do: the annotation is called otherwise than its image.
        (folder / f"{name}-labels.xml").write_text(text)


def write_coco(folder: Path) -> None:
    images = [{"id": index, "file_name": f"{name}.jpg"} for index, name in enumerate(NAMES)]
    boxes = [
        {"image_id": index, "category_id": 1, "bbox": [1, 2, 3, 4 if good else "four"]}
        for index, annotations in enumerate(NAMES.values())
        for good in annotations
    ]
    content = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "Dog"}]}
    (folder / "labels.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("form", "write", "names_of_failed"),
    [
        ("yolo", write_yolo, ("failed.txt:1:", "mixed.txt:2:")),
        ("exdark", write_exdark, ("failed.jpg.txt:2:", "mixed.jpg.txt:3:")),
        ("voc", write_voc, ("failed-labels.xml:1:", "mixed-labels.xml:1:")),
        ("coco", write_coco, ("'failed.jpg' is left out", "'failed.jpg' is left out", "'mixed.jpg' is left")),
    ],
)
def test_one_annotation_that_fails_leaves_its_image_out(tmp_path, make_picture, form, write, names_of_failed):
    (tmp_path / "images").mkdir()
    for name in NAMES:
        make_picture(tmp_path / "images" / f"{name}.jpg")
    write(tmp_path)

    found = read_collection(tmp_path, None)
    prepared = prepare_labels(found, lambda _: StoredSize(48, 32), keep_unlabelled=True)

    assert found.format == form
    boxes = {each.sample.name: [box.label for box in each.boxes] for each in prepared.images}
    dog = found.classes.index("Dog")
    assert boxes == {"good.jpg": [dog], "none.jpg": []}
    assert len(prepared.errors) == len(names_of_failed)
    for error, name in zip(prepared.errors, names_of_failed, strict=True):
        assert name in str(error)
    assert found.without_annotation == ()
