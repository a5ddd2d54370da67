"""gAMA and cHRM of PNG are converted by their formulas and kept as a profile."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.encode import encode_bytes
from tests.unit.images.coded_files import chrm, cicp, gama, png
from tests.unit.images.color_science import TO_SRGB, srgb_light, srgb_values
from tests.unit.images.test_color_codes import in_8_bits, shown_by_little_cms, smooth

D65 = (0.3127, 0.329)
P3 = chrm(D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
SRGB = chrm(D65, (0.64, 0.33), (0.3, 0.6), (0.15, 0.06))


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("gamma", [100_000, 55_556, 35_000])
def test_a_gamma_is_the_exponent_of_what_is_stored(gamma, channels, depth):
    samples = smooth(depth)[..., :channels]
    top = np.iinfo(depth).max
    picture = decode_bytes(png(samples, gama(gamma)))
    assert picture.warnings == ()
    expected = srgb_values((samples / top) ** (100_000 / gamma)) * 255
    assert np.abs(in_8_bits(picture) - expected).max() <= 1
    result = encode_bytes(picture, "png")
    with Image.open(BytesIO(result)) as image:
        assert image.info["icc_profile"]
    again = decode_bytes(result)
    assert np.abs(in_8_bits(again) - in_8_bits(picture)).max() <= 1
    assert again.frames[0].gray == (channels == 1)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_gamma_without_room_for_shadows_is_shown_and_not_written(channels):
    """Stored values 0 and 1 are black and a third of white, so a dark photo cannot be stored."""
    samples = smooth()[..., :channels]
    picture = decode_bytes(png(samples, gama(250_000)))
    assert picture.warnings == ("icc_to_srgb",)
    expected = srgb_values((samples / 255) ** 0.4) * 255
    assert np.abs(in_8_bits(picture) - expected).max() <= 1
    assert np.abs(shown_by_little_cms(encode_bytes(picture, "png")) - expected).max() <= 1


@pytest.mark.parametrize("target", ["png", "tiff", "webp"])
def test_primaries_are_kept_as_a_profile(target):
    picture = decode_bytes(png(smooth(), gama(55_556), P3))
    expected = 255 * srgb_values((smooth() / 255) ** 1.8 @ np.array(TO_SRGB[12]).T)
    assert np.abs(in_8_bits(picture) - expected).max() <= 1
    assert np.abs(shown_by_little_cms(encode_bytes(picture, target)) - expected).mean() <= 1.5


def test_primaries_alone_have_the_curve_of_srgb():
    expected = 255 * srgb_values(srgb_light(smooth() / 255) @ np.array(TO_SRGB[12]).T)
    assert np.abs(in_8_bits(decode_bytes(png(smooth(), P3))) - expected).max() <= 1


@pytest.mark.parametrize(
    "chunks",
    [
        [gama(45_455)],
        [gama(45_455), SRGB],
        [gama(45_000)],
        [SRGB],
        [gama(100_000), (b"sRGB", b"\0")],
        [cicp(1, 13), gama(100_000)],
    ],
)
def test_what_writers_of_srgb_say_is_srgb(chunks):
    picture = decode_bytes(png(smooth(), *chunks))
    assert np.array_equal(picture.pixels, smooth())
    assert (picture.warnings, picture.restore.icc) == ((), None)


@pytest.mark.parametrize(
    "chunks",
    [
        [gama(0)],
        [gama(2**31)],
        [gama(1)],
        [chrm((0, 0), (0.64, 0.33), (0.3, 0.6), (0.15, 0.06))],
        [chrm(D65, (0.3, 0.3), (0.3, 0.3), (0.3, 0.3))],
        [chrm((0.9, 0.05), (0.64, 0.33), (0.3, 0.6), (0.15, 0.06))],
    ],
)
def test_what_makes_no_sense_is_a_warning(chunks):
    picture = decode_bytes(png(smooth(), *chunks))
    assert picture.warnings == ("color",)
    assert np.array_equal(picture.pixels, smooth())
    assert picture.restore.icc is None


def test_a_profile_goes_first():
    file = BytesIO()
    Image.fromarray(smooth()).save(file, "PNG")
    linear = decode_bytes(png(smooth(), gama(100_000))).restore.icc
    Image.fromarray(smooth()).save(file := BytesIO(), "PNG", icc_profile=linear)
    data = file.getvalue()
    wrong = png(smooth(), gama(35_000))[33:49]
    assert decode_bytes(data[:33] + wrong + data[33:]).restore.icc == linear
