"""Reading pictures: by content, upright, with everything needed to write them back."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode, peek_pixels
from lowlight_cli.images.settings import ReadSettings


@pytest.mark.parametrize("name", ["a.png", "a.tiff", "a.webp"])
def test_lossless_files_are_read_as_they_are(make_picture, tmp_path, name):
    path = make_picture(tmp_path / name, **({"lossless": True} if name.endswith("webp") else {}))
    picture = decode(path)
    with Image.open(path) as image:
        assert np.array_equal(picture.pixels, np.array(image.convert("RGB")))
    assert (picture.width, picture.height) == (48, 32)
    assert picture.frames[0].alpha is None
    assert not picture.frames[0].grey


def test_content_counts_and_not_the_name(make_picture, tmp_path):
    path = make_picture(tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert decode(path).restore.format == "png"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_stand_upright(make_picture, tmp_path, orientation):
    path = make_picture(tmp_path / "a.png", orientation=orientation)
    with Image.open(path) as image:
        upright = np.array(ImageOps.exif_transpose(image))
    picture = decode(path)
    assert np.array_equal(picture.pixels, upright)
    assert _exif(picture).get(0x0112, 1) == 1


def test_the_thumbnail_of_the_dark_photo_is_dropped_and_the_rest_kept(tmp_path):
    exif = Image.Exif()
    exif[271] = "Maker"
    exif.get_ifd(0x8769)[0x9003] = "2020:01:01 00:00:00"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(1)[513] = 0
    Image.new("RGB", (8, 6)).save(tmp_path / "a.jpg", exif=exif)
    kept = _exif(decode(tmp_path / "a.jpg"))
    assert kept[271] == "Maker"
    assert kept.get_ifd(0x8769)[0x9003] == "2020:01:01 00:00:00"
    assert kept.get_ifd(0x8825)[1] == "N"
    assert not kept.get_ifd(1)


@pytest.mark.parametrize("name", ["a.png", "a.tiff"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_stay_sixteen_bits(tmp_path, name, channels):
    samples = np.arange(20 * 30 * channels, dtype=np.uint16).reshape(20, 30, channels) % 256
    (tmp_path / name).write_bytes(cv2.imencode(tmp_path.joinpath(name).suffix, samples)[1].tobytes())
    picture = decode(tmp_path / name)
    assert picture.pixels.dtype == np.uint16
    expected = samples[..., [0, 0, 0]] if channels == 1 else samples[..., [2, 1, 0]]
    assert np.array_equal(picture.pixels, expected)
    assert picture.frames[0].grey == (channels == 1)
    assert (picture.frames[0].alpha is not None) == (channels == 4)


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1"])
def test_grey_and_opacity_are_told_apart(make_picture, tmp_path, mode):
    picture = decode(make_picture(tmp_path / "a.png", mode=mode))
    assert picture.frames[0].grey == (mode in ("L", "LA", "1"))
    assert (picture.frames[0].alpha is not None) == (mode in ("LA", "RGBA"))
    assert picture.pixels.shape == (32, 48, 3)


def test_cmyk_becomes_rgb(make_picture, tmp_path):
    picture = decode(make_picture(tmp_path / "a.jpg", mode="CMYK"))
    assert picture.pixels.shape == (32, 48, 3)
    assert picture.restore.icc is None


@pytest.mark.parametrize(("name", "content"), [("a.jpg", b"hello, I am text"), ("a.png", b"")])
def test_what_is_no_picture_is_unreadable(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert _code(tmp_path / name) == "unreadable"


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tiff"])
@pytest.mark.parametrize("share", [0.5, 0.9])
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


def test_the_header_tells_the_size(make_picture, tmp_path):
    assert peek_pixels(make_picture(tmp_path / "a.jpg")) == 48 * 32
    (tmp_path / "b.jpg").write_text("no picture")
    assert peek_pixels(tmp_path / "b.jpg") == 0


def _code(path):
    with pytest.raises(ImageError) as caught:
        decode(path)
    assert str(caught.value)
    return caught.value.code


def _exif(picture):
    exif = Image.Exif()
    exif.load(picture.restore.metadata.exif)
    return exif
