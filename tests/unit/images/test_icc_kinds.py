"""Profiles that can be written to are kept; images with others become sRGB."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from lowlight_cli.images.color.color_management import TableConversion, plain_srgb
from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.encode import encode_bytes
from lowlight_cli.images.frames import colors_of
from tests.unit.images.color_science import TO_SRGB, srgb_light, srgb_values
from tests.unit.images.icc_bytes import (
    BLACK_LAB,
    DISPLAY_P3,
    GRAY_LAB,
    P3_XYZ,
    SRGB_CURVE,
    back_table,
    forth_table,
    gamma_tag,
    lut8,
    make_icc,
    numbers,
    rgb_icc,
    table_icc,
    tables_icc,
)

SAMPLES = np.random.default_rng(0).integers(30, 226, (16, 20, 3), dtype=np.uint8)
SHOWN = srgb_values(srgb_light(SAMPLES / 255) @ np.array(TO_SRGB[12]).T) * 255
"""sRGB colors of ``SAMPLES``, which are in Display P3."""

SWAPPED_XYZ = [P3_XYZ[i] for i in (1, 2, 0)]
NEGATIVE = b"curv\0\0\0\0\0\0\0\2\xff\xff\0\0"

LEAD_BACK = {
    "curves and primaries": DISPLAY_P3,
    "tables": tables_icc(A2B0=forth_table(), B2A0=back_table()),
}
ONE_WAY = {
    "no table back": tables_icc(A2B0=forth_table()),
    "a table back to black": tables_icc(A2B0=forth_table(), B2A0=lut8(3, bytes(24))),
    "a table back to green": tables_icc(A2B0=forth_table(), B2A0=lut8(3, b"\0\xff\0" * 8)),
    "a table back with channels swapped": tables_icc(A2B0=forth_table(), B2A0=back_table(SWAPPED_XYZ)),
}
NO_PICTURE = {
    "tables that make one gray": table_icc(b"RGB ", 3, GRAY_LAB * 8),
    "curves that are white": rgb_icc(P3_XYZ, gamma_tag(0)),
    "a gray of white": make_icc({b"kTRC": gamma_tag(0)}, b"GRAY"),
    "no tables at all": tables_icc(),
}


def _png(samples, icc):
    file = BytesIO()
    Image.fromarray(samples).save(file, "PNG", icc_profile=icc)
    return file.getvalue()


def _in_8_bits(picture):
    return picture.pixels.astype(float) / np.iinfo(picture.pixels.dtype).max * 255


@pytest.mark.parametrize("kind", LEAD_BACK)
def test_profiles_that_lead_back_are_kept(kind):
    picture = decode_bytes(_png(SAMPLES, LEAD_BACK[kind]))
    assert picture.warnings == ()
    assert np.abs(_in_8_bits(picture) - SHOWN).max() <= 3
    with Image.open(BytesIO(encode_bytes(picture, "png"))) as image:
        assert image.info["icc_profile"] == LEAD_BACK[kind]
        off = np.abs(np.asarray(image, int) - SAMPLES)
    assert np.median(off) <= 1
    if kind == "curves and primaries":
        assert off.max() <= 1  # tables lose what sRGB cannot show


@pytest.mark.parametrize("target", ["png", "jpg", "tiff", "webp", "avif"])
@pytest.mark.parametrize("kind", ONE_WAY)
def test_profiles_that_do_not_make_srgb(kind, target):
    picture = decode_bytes(_png(SAMPLES, ONE_WAY[kind]))
    assert picture.warnings == ("icc_to_srgb",)
    assert np.abs(_in_8_bits(picture) - SHOWN).max() <= 3
    with Image.open(BytesIO(encode_bytes(picture, target))) as image:
        assert image.info["icc_profile"] == plain_srgb()
        if target in ("png", "tiff"):
            assert np.abs(np.asarray(image, int) - SHOWN).max() <= 3


@pytest.mark.parametrize("kind", NO_PICTURE)
def test_profiles_that_show_one_shade_are_broken(kind):
    icc = NO_PICTURE[kind]
    samples = SAMPLES[..., 0] if "gray of" in kind else SAMPLES
    picture = decode_bytes(_png(samples, icc))
    assert picture.warnings == ("icc",)
    assert picture.restore.icc is None
    assert np.array_equal(picture.pixels[..., 0], SAMPLES[..., 0])


def test_a_negative_is_shown_and_not_written():
    gray = decode_bytes(_png(SAMPLES[..., 0], make_icc({b"kTRC": NEGATIVE}, b"GRAY")))
    colors = decode_bytes(_png(SAMPLES, rgb_icc(P3_XYZ, NEGATIVE)))
    assert gray.warnings == colors.warnings == ("icc_to_srgb",)
    assert np.abs(_in_8_bits(gray)[..., 0] - 255 * srgb_values(1 - SAMPLES[..., 0] / 255)).max() <= 1
    expected = 255 * srgb_values((1 - SAMPLES / 255) @ np.array(TO_SRGB[12]).T)
    assert np.abs(_in_8_bits(colors) - expected).max() <= 2
    with Image.open(BytesIO(encode_bytes(gray, "png"))) as image:
        assert (image.mode, image.info.get("icc_profile")) == ("L", None)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_tables_go_through_8_bits(depth):
    colors = colors_of(LEAD_BACK["tables"], gray=False, sixteen_bit=depth is np.uint16)
    assert isinstance(colors.conversion, TableConversion)
    assert colors.warnings == (("icc_8bit",) if depth is np.uint16 else ())
    pixels, outside = colors.conversion.to_srgb(np.full((5, 6, 3), np.iinfo(depth).max // 2, depth))
    assert (pixels.dtype, outside) == (depth, None)
    assert colors.conversion.from_srgb(pixels, None, np.uint8).dtype == np.uint8


def test_both_warnings_are_given_for_a_deep_picture():
    icc = ONE_WAY["no table back"]
    assert colors_of(icc, gray=False, sixteen_bit=True).warnings == ("icc_to_srgb", "icc_8bit")


def test_a_table_of_few_points_is_asked():
    """The profile maps everything except black to the same gray."""
    icc = table_icc(b"RGB ", 3, BLACK_LAB + GRAY_LAB * 7)
    picture = decode_bytes(_png(np.full_like(SAMPLES, 255), icc))
    assert picture.warnings == ("icc_to_srgb",)
    assert np.abs(picture.pixels - 119.0).max() < 3  # L* of 50 is 119 in sRGB


def test_a_gray_profile_without_a_curve_is_broken():
    assert colors_of(make_icc({}, b"GRAY"), gray=True, sixteen_bit=False).warnings == ("icc",)


def test_srgb_as_a_curve_of_points_is_srgb():
    points = (srgb_light(np.linspace(0, 1, 1024)) * 65535).round().astype(">u2").tobytes()
    srgb = [(0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.7141)]
    for curve in (b"curv\0\0\0\0\0\0\4\0" + points, SRGB_CURVE):
        picture = decode_bytes(_png(SAMPLES, rgb_icc(srgb, curve)))
        assert np.array_equal(picture.pixels, SAMPLES)


def test_numbers_are_as_the_standard_has_them():
    assert numbers(1, -0.5) == bytes.fromhex("00010000ffff8000")
