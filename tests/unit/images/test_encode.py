"""Writing pictures: what was in the source is in the result, and no file is ever half written."""

import errno
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode
from lowlight_cli.images.encode import encode
from lowlight_cli.images.metadata import Metadata
from lowlight_cli.images.picture import Frame, Picture, Restore
from lowlight_cli.images.replace import replace_file, temporary_path


def _picture(depth=np.uint8, *, alpha=None, grey=False, **restore):
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, np.iinfo(depth).max, (20, 30, 3), dtype=depth, endpoint=True)
    return Picture((Frame(pixels, alpha, grey),), Restore("png", **restore))


@pytest.mark.parametrize("name", ["a.png", "a.tiff"])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("clear", [False, True])
def test_lossless_formats_give_everything_back(tmp_path, name, depth, clear):
    alpha = _picture(depth).pixels[..., 0].copy() if clear else None
    picture = _picture(depth, alpha=alpha)
    written = encode(picture, tmp_path / name)
    content = (tmp_path / name).read_bytes()
    assert written == (len(content), hashlib.sha256(content).hexdigest())
    again = decode(tmp_path / name)
    assert np.array_equal(again.pixels, picture.pixels)
    assert (again.frames[0].alpha is not None) == clear
    if clear:
        assert np.array_equal(again.frames[0].alpha, alpha)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tiff", "a.webp"])
def test_exif_and_profile_are_carried(tmp_path, name):
    exif = Image.Exif()
    exif[271] = "Maker"
    exif.get_ifd(0x8769)[0x9003] = "2020:01:01 00:00:00"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    encode(_picture(metadata=Metadata(exif.tobytes()), icc=profile), tmp_path / name)
    with Image.open(tmp_path / name) as image:
        assert image.getexif()[271] == "Maker"
        assert image.getexif().get_ifd(0x8769)[0x9003] == "2020:01:01 00:00:00"
        assert image.info["icc_profile"] == profile


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tiff", "a.webp"])
def test_grey_stays_grey(tmp_path, name):
    picture = _picture(grey=True)
    encode(picture, tmp_path / name)
    with Image.open(tmp_path / name) as image:
        pixels = np.array(image.convert("RGB")).astype(int)
        assert image.mode == ("RGB" if name == "a.webp" else "L")
    # WebP has no grey form, and its colour transform may be off by one.
    assert np.ptp(pixels, axis=-1).max() <= (2 if name == "a.webp" else 0)


def test_jpeg_colour_is_not_subsampled(tmp_path):
    encode(_picture(), tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3


def test_an_unknown_name_gets_the_format_of_the_source(tmp_path):
    encode(_picture(), tmp_path / "result")
    with Image.open(tmp_path / "result") as image:
        assert image.format == "PNG"


def test_jpeg_refuses_transparency(tmp_path):
    with pytest.raises(ImageError, match="transparency") as caught:
        encode(_picture(alpha=np.zeros((20, 30), np.uint8)), tmp_path / "a.jpg")
    assert caught.value.code == "unsupported"
    assert list(tmp_path.iterdir()) == []


def test_metadata_too_long_for_jpeg_are_left_out(tmp_path):
    exif = Image.Exif()
    exif[270] = "x" * 70_000
    encode(_picture(metadata=Metadata(exif.tobytes())), tmp_path / "a.jpg")
    assert decode(tmp_path / "a.jpg").restore.metadata.exif == b""


def test_temporary_names_fit_and_differ(tmp_path):
    names = [temporary_path(tmp_path / f"{'é' * 120}{i}.jpg").name for i in range(2)]
    assert names[0] != names[1]
    assert all(len(os.fsencode(name)) <= 255 for name in names)
    assert temporary_path(tmp_path / "a.jpg").name == f"a.jpg.lle-tmp-{os.getpid()}"


def test_folders_are_made(tmp_path):
    replace_file(tmp_path / "a" / "b" / "c.jpg", b"1")
    assert (tmp_path / "a" / "b" / "c.jpg").read_bytes() == b"1"


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "disk_full"), (errno.EACCES, "permission"), (errno.EIO, "write")]
)
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, number, code):
    target = tmp_path / "a.jpg"
    target.write_bytes(b"old")

    def fail(_number):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ImageError) as caught:
        replace_file(target, b"new")
    assert caught.value.code == code
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_a_link_is_replaced_and_not_followed(tmp_path):
    original = tmp_path / "original.jpg"
    original.write_bytes(b"old")
    (tmp_path / "link.jpg").symlink_to(original)
    replace_file(tmp_path / "link.jpg", b"new")
    assert original.read_bytes() == b"old"
    assert not Path(tmp_path / "link.jpg").is_symlink()
