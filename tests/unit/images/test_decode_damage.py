"""Files that are not images, truncated, too large or of an unsupported format."""

import os
import time
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode, decode_bytes, peek_pixels
from lowlight_cli.images.settings import ReadSettings
from tests.unit.images.png_bytes import make_interlaced_png, make_png


@pytest.mark.parametrize(("name", "content"), [("a.jpg", b"hello, I am text"), ("a.png", b"")])
def test_what_is_no_picture_is_unreadable(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert _code(tmp_path / name) == "unreadable"


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tiff", "a.gif", "a.avif"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_breaks_off_is_truncated(make_picture, tmp_path, name, share):
    path = make_picture(tmp_path / name, size=(200, 150))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert _code(path) == "truncated"


def test_a_deep_png_that_breaks_off_is_truncated(tmp_path):
    data = cv2.imencode(".png", np.zeros((64, 64, 3), np.uint16))[1].tobytes()
    (tmp_path / "a.png").write_bytes(data[:-20])
    assert _code(tmp_path / "a.png") == "truncated"


def test_other_formats_are_named(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.jpg", format="BMP")
    with pytest.raises(ImageError, match="BMP") as caught:
        decode(tmp_path / "a.jpg")
    assert caught.value.code == "unsupported"


def test_size_is_checked_before_decoding(make_picture, tmp_path):
    with pytest.raises(ImageError) as caught:
        decode(make_picture(tmp_path / "a.png"), ReadSettings(max_pixels=100))
    assert caught.value.code == "too_large"


def test_a_folder_named_like_a_picture_is_unreadable(tmp_path):
    (tmp_path / "a.jpg").mkdir()
    assert _code(tmp_path / "a.jpg") == "unreadable"
    assert peek_pixels(tmp_path / "a.jpg") == 0


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_pipes_and_devices_never_block(tmp_path, make):
    make(tmp_path / "a.jpg")
    assert _code(tmp_path / "a.jpg") == "unreadable"
    assert peek_pixels(tmp_path / "a.jpg") == 0


FOREIGN = {
    "JPEG XL": b"\xff\x0a" + bytes(50),
    "JPEG XL box": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(50),
    "Photoshop": b"8BPS\0\1" + bytes(50),
    "OpenEXR": b"\x76\x2f\x31\x01" + bytes(50),
    "video": b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(50),
    "video mkv": b"\x1aE\xdf\xa3" + bytes(50),
    "SVG": b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>",
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_is_not_read_gets_a_hint(kind):
    with pytest.raises(ImageError, match=kind.rsplit(" box")[0].rsplit(" mkv")[0]) as caught:
        decode_bytes(FOREIGN[kind])
    assert caught.value.code == "unsupported"
    assert "first" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "options"), [("a.jpg", {}), ("a.jpg", {"progressive": True}), ("a.png", {})]
)
def test_a_file_that_breaks_off_can_be_read_as_far_as_it_goes(make_picture, tmp_path, name, options):
    path = make_picture(tmp_path / name, size=(200, 150), **options)
    whole, data = decode(path).pixels, path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.7)])
    picture = decode(path, ReadSettings(allow_truncated=True))
    rest = picture.pixels
    assert picture.warnings == ("degraded",)
    assert not np.array_equal(rest, whole)
    if options:  # coarse everywhere rather than missing below
        assert np.abs(rest.astype(int) - whole).mean() < whole.mean() / 2
    else:
        assert np.array_equal(rest[:20], whole[:20])


@pytest.mark.parametrize(("depth", "interlaced"), [(8, False), (8, True), (16, False)])
def test_a_broken_png_is_mended_row_by_row(depth, interlaced):
    samples = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    if depth == 16:
        data = cv2.imencode(".png", samples.astype(np.uint16))[1].tobytes()
    else:
        data = make_interlaced_png(samples) if interlaced else cv2.imencode(".png", samples)[1].tobytes()
    whole = decode_bytes(data).pixels
    rest = decode_bytes(data[: len(data) * 2 // 3], ReadSettings(allow_truncated=True)).pixels
    assert rest.dtype == whole.dtype
    same = (rest == whole).all(axis=2)
    if interlaced:
        assert 0.2 < same.mean() < 0.9
    else:
        assert same[:20].all()
    assert rest[39, 1::2].max() == 0


def test_strips_that_are_missing_of_a_tiff_are_black(make_picture, tmp_path):
    path = make_picture(tmp_path / "a.tiff", size=(200, 150))
    whole, data = decode(path).pixels, path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    rest = decode(path, ReadSettings(allow_truncated=True))
    assert rest.warnings == ("degraded",)
    assert np.array_equal(rest.pixels[:70], whole[:70])
    assert rest.pixels[80:].max() == 0


@pytest.mark.parametrize("name", ["a.webp", "a.gif", "a.avif"])
def test_other_formats_that_break_off_stay_errors(make_picture, tmp_path, name):
    data = make_picture(tmp_path / name, size=(200, 150)).read_bytes()
    with pytest.raises(ImageError) as caught:
        decode_bytes(data[: len(data) // 2], ReadSettings(allow_truncated=True))
    assert caught.value.code == "truncated"


def test_a_damaged_deep_png_is_no_picture():
    data = bytearray(cv2.imencode(".png", np.full((64, 64, 3), 1000, np.uint16))[1].tobytes())
    data[60] ^= 0xFF
    with pytest.raises(ImageError) as caught:
        decode_bytes(bytes(data))
    assert caught.value.code == "unreadable"


def test_a_bomb_is_refused_by_its_header():
    bomb = make_png(30_000, 30_000, 8, 2, b"")
    start = time.perf_counter()
    with pytest.raises(ImageError, match="30000x30000") as caught:
        decode_bytes(bomb, ReadSettings(allow_truncated=True))
    assert caught.value.code == "too_large"
    assert time.perf_counter() - start < 1


@pytest.mark.slow
def test_a_gray_panorama_of_180_megapixels_is_read():
    width, height = 30_000, 6_000
    picture = decode_bytes(make_png(width, height, 8, 0, (b"\0" + bytes(width)) * height))
    assert picture.pixel_count == 180_000_000


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_texts_that_unpack_to_gigabytes_do_not_cost_the_picture(kind):
    text = zlib.compress(bytes(70 * 2**20))
    content = b"Comment\0\0" + text if kind == b"zTXt" else b"Comment\0\1\0\0\0" + text
    picture = decode_bytes(make_png(4, 4, 8, 0, (b"\0" + bytes(range(4))) * 4, (kind, content)))
    assert picture.pixels[0, :, 0].tolist() == [0, 1, 2, 3]
    assert picture.warnings == ("metadata",)


def _code(path):
    with pytest.raises(ImageError) as caught:
        decode(path)
    assert str(caught.value)
    return caught.value.code


def test_a_link_to_itself_and_a_name_below_a_file_are_missing_files(tmp_path):
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "loop.jpg", tmp_path / "file" / "a.jpg", tmp_path / "a.jpg"):
        with pytest.raises(ImageError) as caught:
            decode(path)
        assert caught.value.code == "missing"
