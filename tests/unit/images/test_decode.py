"""Images are detected by content and read upright, with everything needed to write them back."""

from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from lowlight_cli.images.codecs import read_pillow
from lowlight_cli.images.codecs.read_pillow import samples_of
from lowlight_cli.images.decode import decode, decode_bytes, peek_pixels
from lowlight_cli.images.picture import Frame
from lowlight_cli.images.settings import ReadSettings
from tests.unit.images.png_bytes import make_png


@pytest.mark.parametrize("name", ["a.png", "a.tiff", "a.webp"])
def test_lossless_files_are_read_as_they_are(make_picture, tmp_path, name):
    path = make_picture(tmp_path / name, **({"lossless": True} if name.endswith("webp") else {}))
    picture = decode(path)
    with Image.open(path) as image:
        assert np.array_equal(picture.pixels, np.array(image.convert("RGB")))
    assert (picture.width, picture.height) == (48, 32)
    assert picture.frames[0].alpha is None
    assert not picture.frames[0].gray


def test_content_counts_and_not_the_name(make_picture, tmp_path):
    picture = decode(make_picture(tmp_path / "a.png").rename(tmp_path / "a.jpg"))
    assert picture.restore.format == "png"
    assert picture.warnings == ("extension",)
    assert decode(make_picture(tmp_path / "b.jpeg")).warnings == ()
    assert decode((tmp_path / "b.jpeg").rename(tmp_path / "without")).warnings == ()


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
    assert picture.frames[0].gray == (channels == 1)
    assert (picture.frames[0].alpha is not None) == (channels == 4)


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1"])
def test_gray_and_opacity_are_told_apart(make_picture, tmp_path, mode):
    picture = decode(make_picture(tmp_path / "a.png", mode=mode))
    assert picture.frames[0].gray == (mode in ("L", "LA", "1"))
    assert (picture.frames[0].alpha is not None) == (mode in ("LA", "RGBA"))
    assert picture.pixels.shape == (32, 48, 3)


def test_cmyk_becomes_rgb(make_picture, tmp_path):
    picture = decode(make_picture(tmp_path / "a.jpg", mode="CMYK"))
    assert picture.pixels.shape == (32, 48, 3)
    assert picture.restore.icc is None


def test_a_linked_file_is_read_through(make_picture, tmp_path):
    original = make_picture(tmp_path / "a.png")
    (tmp_path / "link.png").symlink_to(original)
    assert np.array_equal(decode(tmp_path / "link.png").pixels, decode(original).pixels)


def test_the_first_picture_of_a_phone_is_the_photo(tmp_path):
    first, second = Image.new("RGB", (16, 8), (200, 0, 0)), Image.new("RGB", (16, 8), (0, 0, 200))
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[second])
    picture = decode(tmp_path / "a.jpg", ReadSettings(frames="error"))
    assert picture.restore.format == "jpg"
    assert len(picture.frames) == 1
    assert picture.pixels[0, 0, 0] > 190
    assert peek_pixels(tmp_path / "a.jpg") == 16 * 8


def test_an_animation_of_ten_bits_in_its_track_alone_says_that_it_was_cut():
    file = BytesIO()
    frames = [Image.new("RGB", (16, 16), (shade, 9, 9)) for shade in (0, 90, 180)]
    frames[0].save(file, "AVIF", save_all=True, append_images=frames[1:], duration=50)
    data = bytearray(file.getvalue())
    assert decode_bytes(bytes(data)).warnings == ()
    track = data.find(b"moov")
    data[data.find(b"av1C", track) + 6] |= 0x40
    assert decode_bytes(bytes(data)).warnings == ("depth_8bit",)


def test_an_avif_of_ten_bits_says_that_it_was_cut(tmp_path):
    samples = np.random.default_rng(0).integers(0, 1024, (16, 16, 3), dtype=np.uint16)
    try:
        done, data = cv2.imencode(".avif", samples, [cv2.IMWRITE_AVIF_DEPTH, 10])
    except cv2.error:
        done = False
    if not done:
        pytest.skip("OpenCV has no AVIF here")
    assert decode_bytes(data.tobytes()).warnings == ("depth_8bit",)
    shallow = cv2.imencode(".avif", (samples >> 2).astype(np.uint8))[1].tobytes()
    assert decode_bytes(shallow).warnings == ()


@pytest.mark.parametrize("side", range(1, 41, 3))
def test_small_and_odd_sizes_are_read_in_every_format(make_picture, tmp_path, side):
    for end in ("jpg", "png", "webp", "tiff", "gif", "avif"):
        picture = decode(make_picture(tmp_path / f"a.{end}", size=(side, 41 - side)))
        assert (picture.width, picture.height) == (side, 41 - side)


def test_one_transparent_shade_of_gray_is_opacity():
    data = make_png(4, 1, 8, 0, b"\0" + bytes(range(4)), (b"tRNS", b"\0\2"))
    frame = decode_bytes(data).frames[0]
    assert frame.gray
    assert frame.alpha.tolist() == [[255, 255, 0, 255]]
    assert frame.pixels[0, :, 0].tolist() == [0, 1, 2, 3]


def test_a_palette_with_opacity_becomes_four_channels():
    palette = (b"PLTE", bytes((10, 20, 30, 40, 50, 60)))
    frame = decode_bytes(make_png(2, 1, 8, 3, b"\0\0\1", palette, (b"tRNS", b"\x80"))).frames[0]
    assert frame.pixels.tolist() == [[[10, 20, 30], [40, 50, 60]]]
    assert frame.alpha.tolist() == [[128, 255]]


def test_nothing_hidden_reaches_the_model_and_nothing_hidden_changes():
    pixels = np.full((4, 4, 3), 40, np.uint8)
    pixels[:2] = 250
    alpha = np.full((4, 4), 255, np.uint8)
    alpha[:2] = 0
    frame = Frame(pixels, alpha)
    assert (frame.model_input == 40).all()
    assert (pixels[:2] == 250).all()
    changed = frame.with_pixels(np.full((4, 4, 3), 99, np.uint8)).pixels
    assert (changed[:2] == 250).all()
    assert (changed[2:] == 99).all()
    assert (Frame(pixels, np.zeros((4, 4), np.uint8)).model_input == pixels).all()


def test_the_header_tells_the_size_of_all_frames(tmp_path):
    frames = [Image.new("RGB", (10, 5), (shade, 0, 0)) for shade in (0, 99, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert peek_pixels(tmp_path / "a.gif") == 150


def test_the_header_tells_the_size(make_picture, tmp_path):
    assert peek_pixels(make_picture(tmp_path / "a.jpg")) == 48 * 32
    (tmp_path / "b.jpg").write_text("no picture")
    assert peek_pixels(tmp_path / "b.jpg") == 0


def _exif(picture):
    exif = Image.Exif()
    exif.load(picture.restore.metadata.exif)
    return exif


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("LA", 2), ("RGB", 3), ("RGBA", 4)])
@pytest.mark.parametrize("height", [1, 256, 700])
@pytest.mark.parametrize("strip_bytes", [1, 5 * 4 * 256, 5 * 4 * 300])
def test_pictures_of_any_height_are_taken_out_whole(monkeypatch, mode, channels, height, strip_bytes):
    monkeypatch.setattr(read_pillow, "_STRIP_BYTES", strip_bytes)
    samples = np.random.default_rng(0).integers(0, 256, (height, 5, channels), np.uint8)
    image = Image.frombytes(mode, (5, height), samples.tobytes())
    assert np.array_equal(samples_of(image), samples)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tiff", ".webp", ".gif", ".bmp"])
def test_a_header_states_the_same_in_memory(make_picture, tmp_path, suffix):
    path = make_picture(tmp_path / f"a{suffix}")
    assert peek_pixels(path, path.read_bytes()) == peek_pixels(path) == 48 * 32


def test_a_damaged_header_in_memory_states_no_pixels(tmp_path):
    assert peek_pixels(tmp_path / "a.jpg", b"\xff\xd8\xff\xc0\0\x04") == 0
    assert peek_pixels(tmp_path / "a.tif", b"II*\0") == 0
