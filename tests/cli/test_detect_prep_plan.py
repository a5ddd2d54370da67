"""``lle detect-prep``: what is known before any image is processed, and exit codes of ``--dry-run``."""

import json

import pytest

IDENTITY = ("--model", "identity")


def test_a_dry_run_with_invalid_annotations_exits_with_3(run_lle, voc, tmp_path):
    (voc / "Annotations" / "1.xml").write_text("<annotation>")

    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", "--dry-run", *IDENTITY)

    assert run.code == 3
    assert len(run.out.splitlines()) == 7
    assert not (tmp_path / "out").exists()


def test_a_dry_run_without_a_usable_image_exits_with_4(run_lle, voc, tmp_path):
    for path in (voc / "JPEGImages").iterdir():
        path.unlink()

    runs = [
        run_lle("detect-prep", voc, "-o", tmp_path / "out", *more, *IDENTITY) for more in ((), ("--dry-run",))
    ]

    assert [run.code for run in runs] == [4, 4]
    assert runs[0].err == runs[1].err
    assert runs[0].err.endswith(f"lle: error: no image in '{voc}' can be used\n")


def test_a_line_of_a_list_that_cannot_be_used_fails_alone(run_lle, voc, tmp_path):
    lines = [f"{number}.jpg 1 1 1 {1 + number % 2}" for number in range(2, 9)]
    (voc / "imageclasslist.txt").write_text("\n".join(["Name | Class", "1.jpg 1 1", *lines]))

    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", "--split", "official", "--dry-run", *IDENTITY)

    assert run.code == 3
    assert f"failed  {voc / 'imageclasslist.txt'}:2: expected a name and four numbers" in run.err
    assert len(run.out.splitlines()) == 7


def test_merged_classes_are_warned_about(run_lle, voc, tmp_path):
    path = voc / "Annotations" / "8.xml"
    path.write_text(path.read_text().replace("Dog", "dog"))

    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", "--dry-run", *IDENTITY)

    assert run.code == 0
    assert "lle: warning: classes 'Dog', 'dog' are read as one: 'Dog'\n" in run.err


@pytest.mark.parametrize(
    ("form", "lost"),
    [("yolo", "1 crowd"), ("voc", "1 crowd"), ("coco", None)],
)
def test_crowds_that_a_format_cannot_hold_are_counted(run_lle, make_picture, tmp_path, form, lost):
    make_picture(tmp_path / "src" / "1.jpg")
    content = {
        "images": [{"id": 1, "file_name": "1.jpg"}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 9, 8], "iscrowd": 1}],
        "categories": [{"id": 1, "name": "Dog"}],
    }
    (tmp_path / "src" / "labels.json").write_text(json.dumps(content))

    check_lost(run_lle, tmp_path / "src", form, lost)


@pytest.mark.parametrize(
    ("form", "lost"), [("yolo", "2 difficult boxes"), ("coco", "2 difficult boxes"), ("voc", None)]
)
def test_difficult_boxes_that_a_format_cannot_hold_are_counted(run_lle, voc, form, lost):
    for path in sorted((voc / "Annotations").iterdir())[:2]:
        path.write_text(path.read_text().replace("</name>", "</name><difficult>1</difficult>"))

    check_lost(run_lle, voc, form, lost)


def check_lost(run_lle, source, form, lost) -> None:
    run = run_lle("detect-prep", source, "-o", source.parent / "out", "--to", form, "--dry-run", *IDENTITY)

    assert run.code == 0
    lines = [line for line in run.err.splitlines() if line.startswith("marks lost")]
    assert lines == ([f"marks lost in {form}: {lost}"] if lost else [])
