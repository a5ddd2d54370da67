"""Images are written with everything from the input, and never partially."""

import errno
import hashlib
import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs.prepare_output import Content
from lowlight_cli.images.codecs.write_jpeg import write_jpeg_file
from lowlight_cli.images.decode import decode, decode_bytes
from lowlight_cli.images.depth import widened
from lowlight_cli.images.encode import encode, encode_bytes
from lowlight_cli.images.metadata.policy import Metadata
from lowlight_cli.images.picture import Frame, Picture, Restore, still
from lowlight_cli.images.replace import replace_file, temporary_path
from lowlight_cli.images.settings import WriteSettings


def _picture(depth=np.uint8, *, pixels=None, alpha=None, gray=False, **restore):
    generator = np.random.default_rng(0)
    noise = generator.integers(0, np.iinfo(depth).max, (20, 30, 3), dtype=depth, endpoint=True)
    pixels = noise if pixels is None else pixels
    return Picture((Frame(pixels, alpha, gray),), Restore("png", **restore))


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
def test_gray_stays_gray(tmp_path, name):
    picture = _picture(gray=True)
    encode(picture, tmp_path / name)
    with Image.open(tmp_path / name) as image:
        pixels = np.array(image.convert("RGB")).astype(int)
        assert image.mode == ("RGB" if name == "a.webp" else "L")
    # WebP has no gray form, and its color transform may be off by one.
    assert np.ptp(pixels, axis=-1).max() <= (2 if name == "a.webp" else 0)


@pytest.mark.parametrize("subsampling", ["444", "422", "420"])
@pytest.mark.parametrize("quality", [1, 50, 92, 100])
@pytest.mark.parametrize("size", [(1, 1), (7, 9), (33, 64)])
@pytest.mark.parametrize("profile", [None, bytes(range(256)) * 600])
def test_jpeg_files_are_those_of_pillow(subsampling, quality, size, profile):
    noise = np.random.default_rng(0).integers(0, 255, (*size, 3), np.uint8)
    content = Content((noise,), (None,), profile, None, None)
    made = write_jpeg_file(content, WriteSettings(quality=quality), subsampling)
    expected = BytesIO()
    options = {"quality": quality, "subsampling": ("444", "422", "420").index(subsampling)}
    Image.fromarray(noise).save(expected, "JPEG", icc_profile=profile, **options)
    assert made == expected.getvalue()


def test_gray_jpeg_files_are_those_of_pillow():
    noise = np.random.default_rng(0).integers(0, 255, (9, 14, 1), np.uint8)
    made = write_jpeg_file(Content((noise,), (None,), None, None, None), WriteSettings(quality=80), None)
    expected = BytesIO()
    Image.fromarray(noise[..., 0]).save(expected, "JPEG", quality=80)
    assert made == expected.getvalue()


def test_a_profile_that_fits_into_no_jpeg_is_an_error():
    with pytest.raises(ImageError, match="does not fit"):
        encode_bytes(_picture(icc=bytes(255 * 65_519 + 1)), "jpg")


def test_jpeg_color_is_not_subsampled(tmp_path):
    encode(_picture(), tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3


@pytest.mark.parametrize(("stored", "expected"), [(0, (1, 1)), (1, (2, 1)), (2, (2, 2))])
def test_the_subsampling_of_a_jpeg_is_kept(tmp_path, stored, expected):
    Image.fromarray(_picture().pixels).save(tmp_path / "a.jpg", subsampling=stored)
    picture = decode(tmp_path / "a.jpg")
    assert picture.restore.subsampling == ("444", "422", "420")[stored]
    assert _subsampling(encode_bytes(picture, "jpg")) == expected
    assert _subsampling(encode_bytes(picture, "jpg", WriteSettings(subsampling="444"))) == (1, 1)
    assert _subsampling(encode_bytes(picture, "jpg", WriteSettings(subsampling="420"))) == (2, 2)


def _subsampling(data):
    with Image.open(BytesIO(data)) as image:
        return image.layer[0][1:3]


@pytest.mark.parametrize("name", ["jpg", "webp", "avif"])
def test_less_quality_makes_smaller_files(name):
    sizes = [len(encode_bytes(_picture(), name, WriteSettings(quality=quality))) for quality in (20, 95)]
    assert sizes[0] < sizes[1] / 1.5


@pytest.mark.parametrize("name", ["png", "tiff"])
def test_more_compression_makes_smaller_files_of_the_same_pixels(name):
    ramp = still(np.tile(np.arange(200, dtype=np.uint8)[:, None], (100, 1, 3)))
    files = [encode_bytes(ramp, name, WriteSettings(compression=effort)) for effort in (0, 6, 9)]
    assert len(files[0]) > len(files[1]) >= len(files[2])
    assert all(np.array_equal(decode_bytes(data).pixels, ramp.pixels) for data in files)


@pytest.mark.parametrize("name", ["png", "tiff"])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_the_depth_of_the_result_can_be_chosen(name, depth):
    picture = _picture(depth, alpha=_picture(depth).pixels[..., 1].copy())
    for bits in ("8", "16"):
        again = decode_bytes(encode_bytes(picture, name, WriteSettings(bit_depth=bits)))
        assert again.pixels.dtype == again.frames[0].alpha.dtype == np.dtype(f"uint{bits}")
        assert (
            np.abs(
                again.pixels / np.iinfo(again.pixels.dtype).max - picture.pixels / np.iinfo(depth).max
            ).max()
            < 0.003
        )


def test_a_picture_made_deeper_for_the_model_is_written_as_it_came():
    picture = _picture(alpha=np.full((20, 30), 7, np.uint8))
    deep = widened(picture)
    assert deep.pixels.dtype == np.uint16
    assert not deep.frames[0].is_sixteen_bit
    again = decode_bytes(encode_bytes(deep, "png"))
    assert np.array_equal(again.pixels, picture.pixels)
    assert np.array_equal(again.frames[0].alpha, picture.frames[0].alpha)
    assert decode_bytes(encode_bytes(deep, "png", WriteSettings(bit_depth="16"))).frames[0].is_sixteen_bit
    assert widened(_picture(np.uint16)).frames[0].is_sixteen_bit


def test_transparency_is_flattened_onto_a_color():
    alpha = np.full((20, 30), 51, np.uint8)
    picture = Picture((Frame(np.full((20, 30, 3), 200, np.uint8), alpha),), Restore("png"))
    again = decode_bytes(encode_bytes(picture, "jpg", WriteSettings(flatten=(0, 100, 250))))
    assert np.abs(again.pixels - np.array([40, 120, 240])).max() <= 2
    assert (
        decode_bytes(encode_bytes(picture, "png", WriteSettings(flatten=(0, 0, 0)))).frames[0].alpha
        is not None
    )


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("name", ["png", "tiff"])
def test_gray_with_opacity_stays_two_channels(name, depth):
    gray = _picture(depth).pixels[..., :1].repeat(3, axis=2)
    alpha = _picture(depth).pixels[..., 1].copy()
    data = encode_bytes(_picture(depth, pixels=gray, alpha=alpha, gray=True), name)
    frame = decode_bytes(data).frames[0]
    assert frame.gray
    assert np.array_equal(frame.pixels, gray)
    assert np.array_equal(frame.alpha, alpha)
    if name == "png":
        assert data[24:26] == bytes((8 * depth().itemsize, 4))  # header: bits, and gray with opacity


def test_metadata_policies_reach_the_file():
    exif = Image.Exif()
    exif[271] = "Maker"
    picture = _picture(metadata=Metadata(exif.tobytes()))
    for name in ("jpg", "png", "webp", "tiff", "avif"):
        assert b"Maker" in encode_bytes(picture, name)
        assert b"Maker" not in encode_bytes(picture, name, WriteSettings(metadata="strip"))


def test_the_same_picture_gives_the_same_bytes():
    for name in ("jpg", "png", "webp", "tiff", "avif", "gif"):
        assert encode_bytes(_picture(), name) == encode_bytes(_picture(), name)


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


@pytest.mark.parametrize("is_private", [True, False])
def test_missing_folders_are_made_and_all_bytes_written(tmp_path, is_private):
    model = tmp_path / "model"
    model.write_bytes(b"")
    model.chmod(0o640)
    target, data = tmp_path / "a" / "b" / "c.bin", bytes(range(256)) * 5000
    replace_file(target, data, attributes_of=model if is_private else None)
    assert target.read_bytes() == data
    assert [path.name for path in target.parent.iterdir()] == ["c.bin"]
    if is_private:
        assert target.stat().st_mode & 0o777 == 0o640
