"""Images of one name in several folders: each gets its own boxes, or none."""

import json
import zipfile
from pathlib import Path

import pytest

from lowlight_cli.detection.detect_format import read_collection


def xml(left: int, *, name: str = "f.jpg", more: str = "") -> str:
    edges = f"<xmin>{left}</xmin><ymin>2</ymin><xmax>40</xmax><ymax>8</ymax>"
    thing = f"<object><name>car</name><bndbox>{edges}</bndbox></object>"
    return f"<annotation><filename>{name}</filename>{more}{thing}</annotation>"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def lefts(found, folder: Path) -> dict[str, float]:
    """Left edge of the one box of each image."""
    return {sample.image.relative_to(folder).as_posix(): sample.boxes[0].left for sample in found.samples}


@pytest.mark.parametrize(
    ("images", "annotations"),
    [
        ("{}", "{}"),
        ("JPEGImages/{}", "Annotations/{}"),
        ("{}/images", "{}/Annotations"),
        ("{}/photos", "{}/xml"),
        ("images/{}", "{}"),
        ("data/images/{}/day", "labels/{}/day"),
        ("train/images/{}", "train/Annotations/{}"),
    ],
)
def test_voc_boxes_go_to_the_image_in_the_same_place(tmp_path, make_picture, images, annotations):
    for left, cam in enumerate(("cam1", "cam2", "cam3"), start=1):
        make_picture(tmp_path / images.format(cam) / "f.jpg")
        write(tmp_path / annotations.format(cam) / "f.xml", xml(left))

    found = read_collection(tmp_path, None)

    assert lefts(found, tmp_path) == {
        f"{images.format(cam)}/f.jpg": left for left, cam in enumerate(("cam1", "cam2", "cam3"), start=1)
    }
    assert found.errors == ()


def test_voc_boxes_in_an_archive_go_to_the_image_in_the_same_place(tmp_path, make_picture):
    with zipfile.ZipFile(tmp_path / "Annotations.zip", "w") as archive:
        for left, cam in enumerate(("cam1", "cam2"), start=1):
            make_picture(tmp_path / "JPEGImages" / cam / "f.jpg")
            archive.writestr(f"Annotations/{cam}/f.xml", xml(left))

    found = read_collection(tmp_path, None)

    assert lefts(found, tmp_path) == {"JPEGImages/cam1/f.jpg": 1, "JPEGImages/cam2/f.jpg": 2}


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("cam2/f.jpg", ""),
        ("cam2\\f.jpg", ""),
        ("f.jpg", "<folder>cam2</folder>"),
        ("f.jpg", "<folder>x</folder><path>/home/me/cam2/f.jpg</path>"),
    ],
)
def test_the_stated_folder_decides(tmp_path, make_picture, name, more):
    for cam in ("cam1", "cam2"):
        make_picture(tmp_path / "photos" / cam / "f.jpg")
    write(tmp_path / "Annotations" / "f.xml", xml(1, name=name, more=more))

    assert lefts(read_collection(tmp_path, None), tmp_path) == {"photos/cam2/f.jpg": 1}


def test_voc_masks_are_not_taken_for_images(tmp_path, make_picture):
    make_picture(tmp_path / "JPEGImages" / "f.jpg")
    make_picture(tmp_path / "AMasks" / "f.png")
    write(tmp_path / "Annotations" / "f.xml", xml(1))

    assert lefts(read_collection(tmp_path, None), tmp_path) == {"JPEGImages/f.jpg": 1}


def test_the_stated_extension_decides(tmp_path, make_picture):
    for suffix in ("jpg", "png"):
        make_picture(tmp_path / f"f.{suffix}")
    write(tmp_path / "f.xml", xml(1, name="f.png"))

    assert lefts(read_collection(tmp_path, None), tmp_path) == {"f.png": 1}


def test_a_voc_annotation_that_fits_two_images_is_named(tmp_path, make_picture):
    for cam in ("cam1", "cam2"):
        make_picture(tmp_path / cam / "f.jpg")
    write(tmp_path / "Annotations" / "f.xml", xml(1))

    found = read_collection(tmp_path, None)

    assert found.samples == ()
    assert found.without_annotation == ()
    (error,) = found.errors
    first, second = (tmp_path / cam / "f.jpg" for cam in ("cam1", "cam2"))
    assert str(error) == (f"{tmp_path / 'Annotations' / 'f.xml'}: 'f.jpg' is ambiguous: {first} or {second}")


def test_two_annotations_that_differ_leave_their_image_out(tmp_path, make_picture):
    image = make_picture(tmp_path / "cam1" / "f.jpg")
    make_picture(tmp_path / "cam1" / "good.jpg")
    one, two, _ = (
        write(tmp_path / name, xml(left))
        for name, left in (("cam1/f.xml", 1), ("cam2/f.xml", 2), ("cam1/good.xml", 3))
    )

    found = read_collection(tmp_path, None)

    assert lefts(found, tmp_path) == {"cam1/good.jpg": 3}
    assert found.without_annotation == ()
    (error,) = found.errors
    assert str(error) == f"{two}: '{image}' has other boxes in '{one}'; it is left out"


def test_an_annotation_that_is_there_twice_counts_once(tmp_path, make_picture):
    make_picture(tmp_path / "JPEGImages" / "f.jpg")
    for folder in ("Annotations", "backup"):
        write(tmp_path / folder / "f.xml", xml(1))

    found = read_collection(tmp_path, None)

    assert lefts(found, tmp_path) == {"JPEGImages/f.jpg": 1}
    assert found.errors == ()


def test_an_invalid_annotation_leaves_its_image_out_whatever_another_says(tmp_path, make_picture):
    make_picture(tmp_path / "f.jpg")
    write(tmp_path / "a" / "f.xml", xml(1))
    write(tmp_path / "b" / "f.xml", "<annotation>")

    found = read_collection(tmp_path, "voc")

    assert (found.samples, found.without_annotation, len(found.errors)) == ((), (), 1)


def bbgt(name: str, left: int) -> str:
    return f"% bbGt version=3\n{name} {left} 2 30 8 0 0 0 0 0 0 0\n"


def test_exdark_boxes_go_to_the_image_in_the_folder_of_their_class(tmp_path, make_picture):
    for left, name in enumerate(("Car", "Dog"), start=1):
        make_picture(tmp_path / "ExDark" / name / "f.jpg")
        write(tmp_path / "Anno" / name / "f.jpg.txt", bbgt(name, left))

    found = read_collection(tmp_path, None)

    assert lefts(found, tmp_path) == {"ExDark/Car/f.jpg": 1, "ExDark/Dog/f.jpg": 2}


def test_an_exdark_annotation_that_fits_two_images_is_named(tmp_path, make_picture):
    for name in ("Car", "Dog"):
        make_picture(tmp_path / "ExDark" / name / "f.jpg")
    write(tmp_path / "Anno" / "f.jpg.txt", bbgt("Dog", 1))

    found = read_collection(tmp_path, None)

    assert found.samples == ()
    assert "is ambiguous" in str(found.errors[0])


def test_voc_labels_without_images_are_kept_apart_by_their_folders(tmp_path):
    for left, cam in enumerate(("cam1", "cam2"), start=1):
        write(tmp_path / cam / "f.xml", xml(left))

    found = read_collection(tmp_path, None, needs_images=False)

    assert [sample.boxes[0].left for sample in found.samples] == [1, 2]
    assert found.errors == ()


def coco(path: Path, *names: str) -> None:
    """A COCO file whose images have one box each, further right from one to the next."""
    images = [{"id": index, "file_name": name} for index, name in enumerate(names)]
    boxes = [{"image_id": index, "category_id": 1, "bbox": [index, 1, 9, 9]} for index, _ in enumerate(names)]
    write(
        path,
        json.dumps({"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "car"}]}),
    )


def test_coco_entries_that_give_one_image_different_boxes_leave_it_out(tmp_path, make_picture):
    make_picture(tmp_path / "cam2" / "f.jpg")
    coco(tmp_path / "labels.json", "cam1/f.jpg", "cam2/f.jpg")

    found = read_collection(tmp_path, None)

    assert found.samples == ()
    assert "has other boxes in" in str(found.errors[0])


def test_coco_stems_that_fit_two_images_are_named(tmp_path, make_picture):
    for suffix in ("jpeg", "png"):
        make_picture(tmp_path / f"f.{suffix}")
    coco(tmp_path / "labels.json", "f.jpg")

    found = read_collection(tmp_path, None)

    assert found.samples == ()
    assert "'f.jpg' is ambiguous" in str(found.errors[0])


def test_an_image_in_two_coco_files_is_read_once(tmp_path, make_picture):
    make_picture(tmp_path / "photos" / "f.jpg")
    for name in ("all", "val"):
        coco(tmp_path / "labels" / f"{name}.json", "f.jpg")

    found = read_collection(tmp_path, None)

    assert [sample.split for sample in found.samples] == ["val"]
    assert found.errors == ()


def test_a_listed_name_that_fits_two_images_is_named(tmp_path, make_picture):
    for cam in ("cam1", "cam2"):
        make_picture(tmp_path / "set" / cam / "f.jpg")
        write(tmp_path / "set" / cam / "f.txt", "0 0.5 0.5 0.5 0.5\n")
    write(tmp_path / "obj.data", "names = obj.names\ntrain = train.txt\n")
    write(tmp_path / "obj.names", "car\n")
    write(tmp_path / "train.txt", "data/f.jpg\n")

    found = read_collection(tmp_path, None)

    assert (found.samples, found.without_annotation) == ((), ())
    assert "obj.data: 'data/f.jpg' is ambiguous" in str(found.errors[0])
