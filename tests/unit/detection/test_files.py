import pytest

from lowlight_cli.detection.collection import AnnotationError
from lowlight_cli.detection.detect_format import read_collection
from lowlight_cli.detection.files import annotation_files, files_below, folders_below


def test_links_to_folders_are_followed_and_loops_are_not(tmp_path):
    there = tmp_path / "there"
    (there / "labels").mkdir(parents=True)
    (there / "labels" / "a.txt").touch()
    (there / ".hidden").touch()
    here = tmp_path / "here"
    here.mkdir()
    (here / "linked").symlink_to(there)
    (there / "labels" / "back").symlink_to(here)

    assert [path.relative_to(here).as_posix() for path in files_below(here)] == ["linked/labels/a.txt"]
    assert folders_below(here, "labels") == [here / "linked" / "labels"]


def test_a_broken_archive_is_named(tmp_path):
    (tmp_path / "notes.zip").write_bytes(b"PK, but no archive")

    with pytest.raises(AnnotationError, match=r"notes\.zip: the zip archive cannot be read"):
        list(annotation_files(tmp_path, ".xml"))


def test_yolo_through_links_and_lists_of_full_paths(tmp_path, make_picture):
    real = tmp_path / "real"
    picture = make_picture(real / "images" / "a.jpg")
    (real / "labels").mkdir()
    (real / "labels" / "a.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    linked = tmp_path / "set"
    linked.mkdir()
    for name in ("images", "labels"):
        (linked / name).symlink_to(real / name)
    (linked / "classes.txt").write_text("cat\n")
    assert [sample.name for sample in read_collection(linked, None).samples] == ["a.jpg"]

    (linked / "data.yaml").write_text("train: train.txt\nnames: [cat]\n")
    (linked / "train.txt").write_text(f"{picture}\n")
    found = read_collection(linked, None)
    assert [sample.split for sample in found.samples] == ["train"]
    assert found.without_image == ()
