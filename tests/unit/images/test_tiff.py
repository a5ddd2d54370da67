"""TIFF: any layout of 16 bits, many pages, and unsupported files."""

import struct
from io import BytesIO

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.encode import encode_bytes
from lowlight_cli.images.settings import ReadSettings, WriteSettings


@pytest.fixture
def dark():
    """A dark 16-bit image, every value of which would be black in 8 bits."""
    return np.random.default_rng(0).integers(0, 256, (21, 30, 4), dtype=np.uint16)


def _tiff(samples, **options):
    file = BytesIO()
    tifffile.imwrite(file, samples, metadata=None, **options)
    return file.getvalue()


DEFLATE = {"compression": "adobe_deflate"}
LAYOUTS = {
    "plain": {},
    "strips": {"rowsperstrip": 4},
    "deflate": DEFLATE,
    "predictor": DEFLATE | {"predictor": 2, "rowsperstrip": 4},
    "big endian": DEFLATE | {"predictor": 2, "byteorder": ">"},
    "tiles": {"tile": (16, 16)},
    "tiles with predictor": DEFLATE | {"predictor": 2, "tile": (16, 16)},
    "BigTIFF": {"bigtiff": True, "rowsperstrip": 4},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("planes", [False, True])
def test_sixteen_bits_are_read_exactly(dark, layout, channels, planes):
    samples = dark[..., :channels]
    options = LAYOUTS[layout] | {"photometric": "minisblack" if channels < 3 else "rgb"}
    options |= {"extrasamples": ["unassalpha"]} if channels in (2, 4) else {}
    if channels == 1:
        stored = samples[..., 0]
    elif planes:
        stored, options["planarconfig"] = samples.transpose(2, 0, 1), "separate"
    else:
        stored, options["planarconfig"] = samples, "contig"
    frame = decode_bytes(_tiff(np.ascontiguousarray(stored), **options)).frames[0]
    assert frame.gray == (channels < 3)
    assert np.array_equal(frame.pixels, samples[..., [0, 0, 0]] if frame.gray else samples[..., :3])
    assert (frame.alpha is not None) == (channels in (2, 4))
    if frame.alpha is not None:
        assert np.array_equal(frame.alpha, samples[..., -1])


def test_lzw_is_read(dark):
    data = cv2.imencode(".tiff", dark[..., 2::-1], [cv2.IMWRITE_TIFF_COMPRESSION, 5])[1].tobytes()
    assert np.array_equal(decode_bytes(data).pixels, dark[..., :3])


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_white_may_be_zero(dark, depth):
    stored = dark[..., 0].astype(depth)
    data = _tiff(stored, photometric="miniswhite")
    assert np.array_equal(decode_bytes(data).pixels[..., 0], np.iinfo(depth).max - stored)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_sixteen_bits_stand_upright(dark, orientation):
    tag = (274, 3, 1, orientation, True)
    deep = decode_bytes(_tiff(dark[..., :3], photometric="rgb", extratags=[tag]))
    shallow = decode_bytes(_tiff(dark[..., :3].astype(np.uint8), photometric="rgb", extratags=[tag]))
    assert np.array_equal(deep.pixels, shallow.pixels)
    assert deep.pixels.shape[:2] == ((30, 21) if orientation > 4 else (21, 30))


def test_colors_multiplied_with_opacity_are_divided_again(dark):
    alpha = np.full((21, 30), 32768, np.uint16)
    stored = np.dstack((dark[..., :3], alpha))
    frame = decode_bytes(_tiff(stored, photometric="rgb", extrasamples=["assocalpha"])).frames[0]
    assert np.abs(frame.pixels.astype(int) - dark[..., :3] * 2.0).max() <= 1
    assert np.array_equal(frame.alpha, alpha)


def _pages(dark):
    file = BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(dark[..., :3], photometric="rgb", metadata=None)
        writer.write(dark[:7, :9, 0].astype(np.uint8), photometric="minisblack", metadata=None)
        writer.write(
            dark[:3, :5].astype(np.uint8), photometric="rgb", extrasamples=["unassalpha"], metadata=None
        )
        writer.write(dark[:8, :8, :2], photometric="minisblack", extrasamples=["unassalpha"], metadata=None)
        writer.write(dark[:4, :4, 0], photometric="minisblack", subfiletype=1, metadata=None)
    return file.getvalue()


def test_each_page_keeps_its_size_depth_and_channels(dark):
    again = decode_bytes(_pages(dark))
    for picture in (again, decode_bytes(encode_bytes(again, "tiff"))):
        frames = picture.frames
        assert [frame.pixels.shape[:2] for frame in frames] == [(21, 30), (7, 9), (3, 5), (8, 8)]
        assert [frame.is_sixteen_bit for frame in frames] == [True, False, False, True]
        assert [frame.gray for frame in frames] == [False, True, False, True]
        assert [frame.alpha is not None for frame in frames] == [False, False, True, True]
        assert np.array_equal(frames[2].alpha, dark[:3, :5, 3].astype(np.uint8))
        assert np.array_equal(frames[3].pixels[..., 0], dark[:8, :8, 0])
        assert picture.restore.pages
        assert picture.pixel_count == 21 * 30 + 63 + 15 + 64


def test_pages_fit_into_tiff_only(dark):
    picture = decode_bytes(_pages(dark))
    for name in ("jpg", "png", "webp", "gif", "avif"):
        with pytest.raises(ImageError, match="--format tiff or --frames first"):
            encode_bytes(picture, name, WriteSettings(flatten=(0, 0, 0)))
    first = decode_bytes(_pages(dark), ReadSettings(frames="first"))
    assert len(first.frames) == 1
    assert len(encode_bytes(first, "png")) > 100


@pytest.mark.parametrize("kind", [np.float32, np.int16, np.uint32])
def test_other_samples_are_refused_in_words(kind):
    with pytest.raises(ImageError, match="16-bit") as caught:
        decode_bytes(_tiff(np.full((4, 4), 1, kind), photometric="minisblack"))
    assert caught.value.code == "unsupported"


def test_not_a_number_in_a_float_tiff_is_no_crash():
    with pytest.raises(ImageError) as caught:
        decode_bytes(_tiff(np.full((4, 4), np.nan, np.float32), photometric="minisblack"))
    assert caught.value.code == "unsupported"


def test_cmyk_of_sixteen_bits_keeps_its_depth():
    ink = np.zeros((5, 6, 4), np.uint16)
    ink[..., 1] = 65535
    picture = decode_bytes(_tiff(ink, photometric="separated"))
    assert picture.warnings == ("cmyk_to_rgb",)
    assert picture.frames[0].is_sixteen_bit
    assert picture.pixels[0, 0].tolist() == [65535, 0, 65535]


def test_twelve_bits_are_stretched_to_sixteen():
    data = bytearray(_tiff(np.zeros((1, 3), np.uint8), photometric="minisblack"))
    data = data.replace(struct.pack("<HHLL", 258, 3, 1, 8), struct.pack("<HHLL", 258, 3, 1, 12))
    data = data.replace(struct.pack("<HHLL", 256, 4, 1, 3), struct.pack("<HHLL", 256, 4, 1, 2))
    data[-3:] = bytes((0xFF, 0xF0, 0x10))  # 4095 and 16
    picture = decode_bytes(bytes(data))
    assert picture.frames[0].is_sixteen_bit
    assert picture.pixels[0, :, 0].tolist() == [65535, 16 * 65535 // 4095]


def test_a_chain_of_pages_that_bites_its_tail_ends():
    data = bytearray(_tiff(np.zeros((4, 4), np.uint8), photometric="minisblack"))
    start = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[start : start + 2], "little")
    data[start + 2 + 12 * count : start + 6 + 12 * count] = data[4:8]
    assert len(decode_bytes(bytes(data)).frames) == 1


@pytest.mark.parametrize("compression", [0, 6])
def test_pillow_and_opencv_read_what_is_written(dark, compression):
    picture = decode_bytes(_tiff(dark[..., :3], photometric="rgb"))
    data = encode_bytes(picture, "tiff", WriteSettings(compression=compression))
    assert np.array_equal(
        cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)[..., ::-1], dark[..., :3]
    )
    shallow = encode_bytes(picture, "tiff", WriteSettings(bit_depth="8"))
    with Image.open(BytesIO(shallow)) as image:
        assert np.array_equal(np.array(image), np.rint(dark[..., :3] / 257).astype(np.uint8))
