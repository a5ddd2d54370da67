"""Color profiles are converted to sRGB and back, and are kept byte by byte."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from lowlight_cli.images.color.color_management import TableConversion, plain_srgb
from lowlight_cli.images.color.convert import MatrixConversion, conversion_for
from lowlight_cli.images.color.icc_profile import ProfileError, read_profile
from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.encode import encode_bytes
from lowlight_cli.images.settings import WriteSettings
from tests.unit.images.icc_bytes import ADOBE_RGB, BLACK_LAB, DISPLAY_P3, GRAY_22, GRAY_LAB, WIDE, table_icc


def _colors(depth, size=(40, 60)):
    """Random colors, a third of them dark."""
    top = np.iinfo(depth).max
    samples = np.random.default_rng(0).integers(0, top, (*size, 3), dtype=depth, endpoint=True)
    samples[: size[0] // 3] //= 16
    return samples


def _file(samples, form="PNG", **options):
    file = BytesIO()
    Image.fromarray(samples).save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize("name", WIDE)
def test_colors_agree_with_little_cms(name):
    samples = _colors(np.uint8)
    ours, _ = MatrixConversion(read_profile(WIDE[name])).to_srgb(samples)
    theirs, _ = TableConversion(WIDE[name]).to_srgb(samples)
    assert np.abs(np.rint(ours / 257) - theirs).max() <= 1


def test_red_of_display_p3_is_what_the_standards_say():
    """The formula, written out: curve, P3 to XYZ, XYZ to sRGB (both under D65), curve."""
    stored = np.array([[[200, 100, 90]]], np.uint8)
    light = (stored[0, 0] / 255 + 0.055) / 1.055
    to_xyz = [[0.4865709, 0.2656677, 0.1982173], [0.2289746, 0.6917385, 0.0792869], [0, 0.0451134, 1.0439444]]
    to_srgb = [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.969266, 1.8760108, 0.041556],
        [0.0556434, -0.2040259, 1.0572252],
    ]
    expected = np.array(to_srgb) @ np.array(to_xyz) @ light**2.4
    expected = 1.055 * expected ** (1 / 2.4) - 0.055
    pixels, _ = MatrixConversion(read_profile(DISPLAY_P3)).to_srgb(stored)
    assert np.abs(pixels[0, 0] / 65535 - expected).max() < 1 / 255


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_what_is_not_changed_keeps_its_colors(name, depth):
    samples = _colors(depth)
    conversion = conversion_for(WIDE[name], gray=False)
    pixels, outside = conversion.to_srgb(samples)
    back = conversion.from_srgb(pixels, outside, depth)
    assert back.dtype == depth
    assert np.abs(back.astype(int) - samples).max() <= np.iinfo(depth).max / 255
    if depth is np.uint8 and name == "Display P3":
        assert np.array_equal(back, samples)


@pytest.mark.parametrize("form", ["png", "tiff", "jpg", "webp", "avif"])
@pytest.mark.parametrize("name", WIDE)
def test_the_same_profile_is_in_the_result(form, name):
    picture = decode_bytes(_file(_colors(np.uint8), icc_profile=WIDE[name]))
    assert picture.warnings == ()
    data = encode_bytes(picture, form)
    with Image.open(BytesIO(data)) as image:
        assert image.info["icc_profile"] == WIDE[name]
        if form in ("png", "tiff"):
            assert np.abs(np.array(image).astype(int) - _colors(np.uint8)).max() <= 1


def test_the_model_sees_srgb_and_the_result_can_be_srgb():
    picture = decode_bytes(_file(np.full((8, 8, 3), (180, 100, 100), np.uint8), icc_profile=DISPLAY_P3))
    assert picture.pixels[0, 0, 0] / 257 > 185
    with Image.open(BytesIO(encode_bytes(picture, "png", WriteSettings(icc="srgb")))) as image:
        assert image.info["icc_profile"] == plain_srgb()
        assert image.getpixel((0, 0))[0] > 185


def test_turned_pictures_keep_colors_beyond_srgb_in_place():
    exif = Image.Exif()
    exif[274] = 6
    samples = _colors(np.uint8)
    picture = decode_bytes(_file(samples, icc_profile=DISPLAY_P3, exif=exif))
    with Image.open(BytesIO(encode_bytes(picture, "png"))) as image:
        assert np.abs(np.array(image).astype(int) - np.rot90(samples, -1)).max() <= 1


def test_srgb_is_left_alone():
    samples = _colors(np.uint8)
    picture = decode_bytes(_file(samples, icc_profile=plain_srgb()))
    assert np.array_equal(picture.pixels, samples)
    assert picture.restore.icc == plain_srgb()


def test_the_profile_we_make_is_the_same_at_any_time():
    assert plain_srgb() == plain_srgb()
    assert conversion_for(plain_srgb(), gray=False) is None


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_gray_profiles_go_there_and_back(depth):
    samples = np.arange(256, dtype=depth).reshape(16, 16) * (257 if depth is np.uint16 else 1)
    conversion = conversion_for(GRAY_22, gray=True)
    pixels, _ = conversion.to_srgb(samples[..., None].repeat(3, axis=2))
    light = samples / np.iinfo(depth).max
    expected = 1.055 * light ** (2.2 / 2.4) - 0.055  # above the straight part near black
    assert np.abs(pixels[..., 0] / 65535 - expected)[light > 0.1].max() < 1e-3
    back = conversion.from_srgb(pixels, None, depth)[..., 0]
    assert np.abs(back.astype(int) - samples).max() <= np.iinfo(depth).max // 255


def test_a_gray_picture_keeps_its_gray_profile():
    samples = np.arange(256, dtype=np.uint8).reshape(16, 16)
    picture = decode_bytes(_file(samples, icc_profile=GRAY_22))
    with Image.open(BytesIO(encode_bytes(picture, "png"))) as image:
        assert (image.mode, image.info["icc_profile"]) == ("L", GRAY_22)
        assert np.abs(np.array(image).astype(int) - samples).max() <= 1
    with Image.open(BytesIO(encode_bytes(picture, "webp"))) as image:
        assert "icc_profile" not in image.info  # it has no gray form, and such a profile would be wrong


@pytest.mark.parametrize(
    "broken", [b"x" * 200, DISPLAY_P3[:150], DISPLAY_P3[:16] + b"CMYK" + DISPLAY_P3[20:], GRAY_22]
)
def test_a_broken_profile_counts_as_srgb(broken):
    samples = _colors(np.uint8)
    picture = decode_bytes(_file(samples, icc_profile=broken))
    assert picture.warnings == ("icc",)
    assert picture.restore.icc is None
    assert np.array_equal(picture.pixels, samples)


def test_inks_become_colors_by_their_profile():
    icc = table_icc(b"CMYK", 4, GRAY_LAB * 15 + BLACK_LAB)
    file = BytesIO()
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(file, "JPEG", icc_profile=icc)
    picture = decode_bytes(file.getvalue())
    assert picture.warnings == ("cmyk_to_rgb",)
    assert np.abs(picture.pixels - 119.0).max() < 3


def test_a_profile_for_colors_in_a_gray_picture_is_kept_and_says_nothing():
    samples = np.arange(256, dtype=np.uint8).reshape(16, 16)
    picture = decode_bytes(_file(samples, icc_profile=ADOBE_RGB))
    assert np.array_equal(picture.pixels[..., 0], samples)
    with Image.open(BytesIO(encode_bytes(picture, "png"))) as image:
        assert image.info["icc_profile"] == ADOBE_RGB


def test_a_profile_for_lab_is_none_for_pictures():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    with pytest.raises(ProfileError):
        conversion_for(lab, gray=False)


@pytest.mark.parametrize("cmyk", [(0, 255, 255, 0), (0, 0, 0, 255), (255, 0, 0, 0), (0, 0, 0, 0)])
def test_inks_become_colors(cmyk):
    file = BytesIO()
    Image.new("CMYK", (16, 16), cmyk).save(file, "JPEG", quality=100)
    picture = decode_bytes(file.getvalue())
    assert picture.warnings == ("cmyk_to_rgb",)
    assert picture.restore.icc is None
    cyan, magenta, yellow, black = (ink / 255 for ink in cmyk)
    expected = [255 * (1 - ink) * (1 - black) for ink in (cyan, magenta, yellow)]
    assert np.abs(picture.pixels[8, 8] - expected).max() <= 3
    with Image.open(BytesIO(encode_bytes(picture, "jpg"))) as image:
        assert image.mode == "RGB"


def test_ycck_is_the_same_picture_as_cmyk():
    """Pillow writes plain CMYK; Adobe's marker with transform 2 stands for YCCK."""
    file = BytesIO()
    Image.new("CMYK", (16, 16), (0, 128, 128, 0)).save(file, "JPEG", quality=100)
    data = file.getvalue()
    place = data.index(b"Adobe")
    ycck = data[: place + 11] + b"\2" + data[place + 12 :]
    assert decode_bytes(ycck).pixels.shape == (16, 16, 3)
    assert decode_bytes(ycck).warnings == ("cmyk_to_rgb",)
