import numpy as np
import pytest

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs.header import Header, read_header
from lowlight_cli.images.decode import peek_pixels
from tests.unit.images.tiff_bytes import Form, tiff_of


@pytest.mark.parametrize("orientation", [None, 1, 6, 8])
def test_size_and_position_are_read(tmp_path, make_picture, orientation):
    path = make_picture(tmp_path / "a.jpg", (48, 32), orientation=orientation)

    assert read_header(path) == Header(48, 32, orientation or 1)


def test_an_impossible_orientation_counts_as_upright(tmp_path, make_picture):
    assert read_header(make_picture(tmp_path / "a.jpg", orientation=77)).orientation == 1


@pytest.mark.parametrize("form", [Form(10), Form(8, order=">", big=True)])
def test_a_tiff_of_a_rare_kind_has_a_header_too(tmp_path, form):
    path = tmp_path / "a.tiff"
    path.write_bytes(tiff_of(np.zeros((5, 7, 3), int), form, 2, t274=("H", (6,))))

    assert read_header(path) == Header(7, 5, 6)
    assert peek_pixels(path) == 35


@pytest.mark.parametrize(
    "content", [b"II*\0", b"II*\0" + b"\xff" * 20, b"", b"no picture", b"\xff\xd8\xff\xe0"]
)
def test_what_is_no_picture_is_refused(tmp_path, content):
    (tmp_path / "a.jpg").write_bytes(content)

    with pytest.raises(ImageError) as caught:
        read_header(tmp_path / "a.jpg")
    assert caught.value.code == "unreadable"


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ImageError, match="not a regular file"):
        read_header(tmp_path)
