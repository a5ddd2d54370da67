"""Reading pictures: by content, upright, with everything needed to write them back."""

import os
import struct
import time
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode, decode_bytes, peek_pixels
from lowlight_cli.images.picture import Frame
from lowlight_cli.images.png_chunks import make_chunk
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
        data = _interlaced_png(samples) if interlaced else cv2.imencode(".png", samples)[1].tobytes()
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


@pytest.mark.parametrize("side", range(1, 41, 3))
def test_small_and_odd_sizes_are_read_in_every_format(make_picture, tmp_path, side):
    for end in ("jpg", "png", "webp", "tiff", "gif", "avif"):
        picture = decode(make_picture(tmp_path / f"a.{end}", size=(side, 41 - side)))
        assert (picture.width, picture.height) == (side, 41 - side)


def _png(width, height, bits, colour, rows, *chunks):
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(make_chunk(kind, content) for kind, content in chunks)


def _interlaced_png(samples):
    """Seven passes, each a small picture (PNG, section 8.1)."""
    passes = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ]
    rows = b""
    for left, top, across, down in passes:
        rows += b"".join(b"\0" + row.tobytes() for row in samples[top::down, left::across])
    data = bytearray(_png(samples.shape[1], samples.shape[0], 8, 2, rows))
    data[28] = 1
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


def test_a_bomb_is_refused_by_its_header():
    bomb = _png(30_000, 30_000, 8, 2, b"")
    start = time.perf_counter()
    with pytest.raises(ImageError, match="30000x30000") as caught:
        decode_bytes(bomb, ReadSettings(allow_truncated=True))
    assert caught.value.code == "too_large"
    assert time.perf_counter() - start < 1


@pytest.mark.slow
def test_a_grey_panorama_of_180_megapixels_is_read():
    width, height = 30_000, 6_000
    picture = decode_bytes(_png(width, height, 8, 0, (b"\0" + bytes(width)) * height))
    assert picture.pixel_count == 180_000_000


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_texts_that_unpack_to_gigabytes_do_not_cost_the_picture(kind):
    text = zlib.compress(bytes(70 * 2**20))
    content = b"Comment\0\0" + text if kind == b"zTXt" else b"Comment\0\1\0\0\0" + text
    picture = decode_bytes(_png(4, 4, 8, 0, (b"\0" + bytes(range(4))) * 4, (kind, content)))
    assert picture.pixels[0, :, 0].tolist() == [0, 1, 2, 3]
    assert picture.warnings == ("metadata",)


def test_one_transparent_shade_of_grey_is_opacity():
    data = _png(4, 1, 8, 0, b"\0" + bytes(range(4)), (b"tRNS", b"\0\2"))
    frame = decode_bytes(data).frames[0]
    assert frame.grey
    assert frame.alpha.tolist() == [[255, 255, 0, 255]]
    assert frame.pixels[0, :, 0].tolist() == [0, 1, 2, 3]


def test_a_palette_with_opacity_becomes_four_channels():
    palette = (b"PLTE", bytes((10, 20, 30, 40, 50, 60)))
    frame = decode_bytes(_png(2, 1, 8, 3, b"\0\0\1", palette, (b"tRNS", b"\x80"))).frames[0]
    assert frame.pixels.tolist() == [[[10, 20, 30], [40, 50, 60]]]
    assert frame.alpha.tolist() == [[128, 255]]


def test_nothing_hidden_reaches_the_model_and_nothing_hidden_changes():
    pixels = np.full((4, 4, 3), 40, np.uint8)
    pixels[:2] = 250
    alpha = np.full((4, 4), 255, np.uint8)
    alpha[:2] = 0
    frame = Frame(pixels, alpha)
    assert (frame.seen == 40).all()
    assert (pixels[:2] == 250).all()
    changed = frame.with_pixels(np.full((4, 4, 3), 99, np.uint8)).pixels
    assert (changed[:2] == 250).all()
    assert (changed[2:] == 99).all()
    assert (Frame(pixels, np.zeros((4, 4), np.uint8)).seen == pixels).all()


def test_the_header_tells_the_size_of_all_frames(tmp_path):
    frames = [Image.new("RGB", (10, 5), (shade, 0, 0)) for shade in (0, 99, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert peek_pixels(tmp_path / "a.gif") == 150


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
