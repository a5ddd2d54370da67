"""Camera raw and HEIC, with and without the extras."""

import sys
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs.detect_format import sniff
from lowlight_cli.images.decode import decode, decode_bytes
from lowlight_cli.images.encode import encode, encode_bytes
from lowlight_cli.images.settings import ReadSettings

CUTS = [0.1, 0.5, 0.9]


def make_dng(level=2000, *, orientation=1, size=(64, 48)):
    """A raw file of uniform gray, with sensor data, white balance and color matrix as DNG requires."""
    one = [(10000 if i % 4 == 0 else 0, 10000) for i in range(9)]
    tags = [
        (274, 3, 1, orientation, True),
        (271, 2, 0, "Maker", True),
        (272, 2, 0, "Model", True),
        (33421, 3, 2, (2, 2), True),
        (33422, 1, 4, b"\0\1\1\2", True),
        (50706, 1, 4, b"\1\4\0\0", True),
        (50708, 2, 0, "Maker Model", True),
        (50717, 4, 1, 65535, True),
        (50721, 10, 9, tuple(number for pair in one for number in pair), True),
        (50728, 5, 3, (1, 2, 1, 1, 1, 2), True),
        (50778, 3, 1, 21, True),
    ]
    file = BytesIO()
    sensor = np.full(size[::-1], level, np.uint16)
    tifffile.imwrite(file, sensor, photometric=32803, extratags=tags, metadata=None, software=False)
    return file.getvalue()


def test_raw_files_are_told_from_tiff():
    assert sniff(make_dng()) == "raw"


def test_raw_is_developed_without_brightening_it():
    pytest.importorskip("rawpy")
    dark, light = (decode_bytes(make_dng(level)) for level in (2000, 4000))
    assert dark.pixels.dtype == np.uint16
    assert dark.restore.format == "raw"

    def amount(picture):
        shade = picture.pixels[10:-10, 10:-10].mean((0, 1)) / 65535
        return ((shade + 0.055) / 1.055) ** 2.4

    # Twice the light on the sensor is twice the light in the picture.
    assert np.allclose(amount(light)[[0, 2]] / amount(dark)[[0, 2]], 2, rtol=0.02)


@pytest.mark.parametrize(
    ("orientation", "shape"), [(1, (48, 64)), (3, (48, 64)), (6, (64, 48)), (8, (64, 48))]
)
def test_raw_is_turned_once(orientation, shape):
    pytest.importorskip("rawpy")
    picture = decode_bytes(make_dng(orientation=orientation))
    assert picture.pixels.shape[:2] == shape
    with Image.open(BytesIO(encode_bytes(picture, "jpg"))) as image:
        assert image.size == shape[::-1]
        assert image.getexif().get(274, 1) == 1
        assert image.getexif()[271] == "Maker"


def test_raw_becomes_jpeg_or_deep_tiff_and_never_raw(tmp_path):
    pytest.importorskip("rawpy")
    picture = decode_bytes(make_dng())
    assert decode_bytes(encode_bytes(picture, "tiff")).frames[0].is_sixteen_bit
    with pytest.raises(ImageError, match="cannot be written"):
        encode(picture, tmp_path / "a.dng")
    encode(picture, tmp_path / "a")
    assert decode(tmp_path / "a").restore.format == "jpg"


@pytest.mark.parametrize("cut", CUTS)
def test_raw_that_breaks_off_is_truncated(cut):
    pytest.importorskip("rawpy")
    data = make_dng()
    assert _code(data[: int(len(data) * cut)]) == "truncated"


def test_raw_that_is_too_large_is_refused():
    pytest.importorskip("rawpy")
    assert _code(make_dng(), ReadSettings(max_pixels=100)) == "too_large"


def _heic(samples, mode="RGB", **options):
    pillow_heif = pytest.importorskip("pillow_heif")
    file = BytesIO()
    size = samples.shape[1::-1]
    pillow_heif.from_bytes(mode, size, samples.tobytes()).save(file, quality=-1, chroma=444, **options)
    return file.getvalue()


@pytest.fixture
def samples():
    return np.random.default_rng(0).integers(0, 256, (48, 64, 4), dtype=np.uint8)


def test_heic_of_eight_bits(samples):
    picture = decode_bytes(_heic(samples[..., :3].copy()))
    assert picture.restore.format == "heif"
    assert not picture.frames[0].is_sixteen_bit
    assert np.abs(picture.pixels.astype(int) - samples[..., :3]).max() <= 1


def test_heic_of_ten_bits_keeps_them_and_its_white(samples):
    deep = samples[..., :3].astype(np.uint16) * 257
    picture = decode_bytes(_heic(deep, "RGB;16"))
    assert picture.frames[0].is_sixteen_bit
    assert picture.pixels.max() == 65535
    assert np.abs(picture.pixels / 65535 - deep / 65535).max() < 2 / 1023


def test_heic_with_opacity(samples):
    frame = decode_bytes(_heic(samples, "RGBA")).frames[0]
    assert np.array_equal(frame.alpha, samples[..., 3])


def _exif(orientation):
    exif = Image.Exif()
    exif[274], exif[271] = orientation, "Maker"
    return exif.tobytes()


def test_heic_is_turned_once(samples):
    """libheif applies its own property, so the EXIF orientation must not be applied again."""
    data = _heic(samples[..., :3].copy(), exif=_exif(6))
    assert b"irot" in data
    picture = decode_bytes(data)
    assert picture.pixels.shape[:2] == (64, 48)
    upright = np.rot90(samples[..., :3], -1)
    # Lossless in YCbCr, yet the turned copy differs by a rounding or two.
    assert np.abs(picture.pixels.astype(int) - upright).mean() < 3
    with Image.open(BytesIO(encode_bytes(picture, "jpg"))) as image:
        assert (image.getexif().get(274, 1), image.getexif()[271]) == (1, "Maker")


def test_heic_with_an_exif_turn_alone_is_turned_by_it(samples):
    data = _heic(samples[..., :3].copy(), exif=_exif(6)).replace(b"irot", b"free")
    assert decode_bytes(data).pixels.shape[:2] == (64, 48)


@pytest.mark.parametrize("cut", CUTS)
def test_heic_that_breaks_off_is_truncated(samples, cut):
    data = _heic(samples[..., :3].copy())
    assert _code(data[: int(len(data) * cut)]) == "truncated"


@pytest.mark.parametrize(("module", "extra"), [("rawpy", "raw"), ("pillow_heif", "heif")])
def test_without_the_extra_the_message_says_what_to_install(monkeypatch, samples, module, extra):
    data = make_dng() if extra == "raw" else _heic(samples[..., :3].copy())
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImageError, match=rf"pip install 'lowlight-cli\[{extra}\]'") as caught:
        decode_bytes(data)
    assert caught.value.code == "unsupported"


def _code(data, settings=None):
    with pytest.raises(ImageError) as caught:
        decode_bytes(data, settings or ReadSettings())
    return caught.value.code
