"""Lists of splits: which count, which lines, and which image they mean."""

from pathlib import Path

import pytest

from lowlight_cli.detection.collection import AnnotationError
from lowlight_cli.detection.detect_format import read_collection
from lowlight_cli.detection.files import files_below
from lowlight_cli.detection.official_split import official_split

XML = "<annotation/>"


@pytest.fixture
def listing(tmp_path):
    """Writes lists by their paths; returns the split of an image."""

    def write(lists: dict[str, str]):
        for name, text in lists.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        split = official_split(files_below(tmp_path))
        return lambda name: split.of(Path(name))

    return write


def test_of_the_lists_of_voc_those_for_detection_count(tmp_path, make_picture):
    for index in range(6):
        make_picture(tmp_path / "JPEGImages" / f"{index}.jpg")
        (tmp_path / "Annotations").mkdir(exist_ok=True)
        (tmp_path / "Annotations" / f"{index}.xml").write_text(XML)
    for task, train, val in (("Main", "012", "345"), ("Layout", "4", "1"), ("Segmentation", "5", "2")):
        folder = tmp_path / "ImageSets" / task
        folder.mkdir(parents=True)
        for name, digits in (("train", train), ("val", val), ("trainval", train + val)):
            (folder / f"{name}.txt").write_text("".join(f"{digit}\n" for digit in digits))

    found = read_collection(tmp_path, None)

    assert [sample.split for sample in found.samples] == ["train"] * 3 + ["val"] * 3


def test_lists_of_two_datasets_add_up(listing):
    split = listing(
        {
            "VOC2007/ImageSets/Main/train.txt": "000005\n",
            "VOC2012/ImageSets/Main/train.txt": "2008_000001\n",
            "VOC2012/ImageSets/Layout/val.txt": "2008_000001\n",
        }
    )

    assert (split("000005.jpg"), split("2008_000001.jpg")) == ("train", "train")


def test_otherwise_the_topmost_lists_count(listing):
    split = listing({"train.txt": "a\n", "old/train.txt": "b\n", "old/val.txt": "c\n"})

    assert (split("a.jpg"), split("b.jpg"), split("c.jpg")) == ("train", None, "val")


def test_lists_that_contradict_each_other_are_named(listing, tmp_path):
    with pytest.raises(AnnotationError) as caught:
        listing({"one/train.txt": "a\n", "two/val.txt": "b\na\n"})

    one, two = tmp_path / "one" / "train.txt", tmp_path / "two" / "val.txt"
    assert str(caught.value) == f"{two}: 'a' is in val here, but in train in '{one}'"


@pytest.mark.parametrize("line", ["cam{}/f", "./cam{}/f.jpg", "JPEGImages\\CAM{}\\f.jpg"])
def test_lists_may_name_folders(listing, line):
    split = listing({"train.txt": line.format(1) + "\n", "val.txt": line.format(2) + "\n"})

    assert (split("/set/JPEGImages/cam1/f.jpg"), split("/set/JPEGImages/cam2/f.jpg")) == ("train", "val")


def test_names_in_a_class_list_may_hold_blanks(listing):
    split = listing({"imageclasslist.txt": "Name | Class\na b (1).JPG 1 1 1 3\n\nc.jpg 1 1 1 2\n"})

    assert (split("a b (1).jpg"), split("c.jpg")) == ("test", "val")


@pytest.mark.parametrize(
    "line", ["bad one.jpg 1 2", "bad one.jpg 1 1 1 4", "bad one.jpg 1 x 1 2", "bad one.jpg"]
)
def test_a_bad_line_in_a_class_list_leaves_only_its_image_out(tmp_path, make_picture, line):
    for name in ("bad one", "good"):
        make_picture(tmp_path / f"{name}.jpg")
        (tmp_path / f"{name}.jpg.txt").write_text("% bbGt version=3\n")
    (tmp_path / "imageclasslist.txt").write_text(f"Name | Class\n{line}\ngood.jpg 1 1 1 2\n")

    found = read_collection(tmp_path, None)

    assert [(sample.name, sample.split) for sample in found.samples] == [("good.jpg", "val")]
    assert found.without_annotation == ()
    (error,) = found.errors
    assert (
        str(error) == f"{tmp_path / 'imageclasslist.txt'}:2: expected a name and four numbers, not '{line}'"
    )
