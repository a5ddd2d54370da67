"""Files that describe a YOLO dataset and are broken: the error names the file."""

import pytest

from lowlight_cli.detection.collection import AnnotationError
from lowlight_cli.detection.detect_format import read_collection


@pytest.fixture
def folder(tmp_path, make_picture):
    make_picture(tmp_path / "images" / "a.jpg")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    return tmp_path


@pytest.mark.parametrize(
    ("files", "name", "reason"),
    [
        ({"data.yaml": 'train: images\nnames: {0: a, "x": b}\n'}, "data.yaml", "without gaps"),
        ({"data.yaml": "train: images\nnames: [a]\nx: 2001-99-99\n"}, "data.yaml", "not YAML"),
        ({"data.yaml": "names: [a]\n"}, "data.yaml", "it names no images; add 'train', 'val' or 'test'"),
        ({"classes.txt": "b\xe4r\n"}, "classes.txt", "not UTF-8 text"),
        ({"data.yaml": "train: list.txt\nnames: [a]\n", "list.txt": "images/b\xe4r.jpg\n"},
         "list.txt", "not UTF-8 text"),
    ],
)  # fmt: skip
def test_a_broken_file_is_named(folder, files, name, reason):
    for each, text in files.items():
        (folder / each).write_bytes(text.encode("latin-1"))

    with pytest.raises(AnnotationError, match=reason) as caught:
        read_collection(folder, None)
    assert str(caught.value).startswith(f"{folder / name}: ")


def test_a_byte_order_mark_is_no_part_of_a_class(folder):
    (folder / "classes.txt").write_bytes(b"\xef\xbb\xbfcat\r\n")

    assert read_collection(folder, None).classes == ("cat",)
