"""Properties of the colors of any file, however it names its color space."""

from io import BytesIO

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.encode import encode_bytes
from tests.unit.images.coded_files import avif, cicp, named, png
from tests.unit.images.color_science import LIGHT, TO_SRGB, shown, srgb_values
from tests.unit.images.icc_bytes import (
    P3_XYZ,
    SRGB_CURVE,
    back_table,
    forth_table,
    gamma_tag,
    lut8,
    make_icc,
    rgb_icc,
    tables_icc,
)

HDR, SRGB_CODES = (16, 18), {(1, 2), (1, 13), (2, 2), (2, 13)}
WARNINGS = {(), ("icc",), ("icc_to_srgb",), ("color",), ("hdr_to_sdr",)}


@st.composite
def pixels(draw, channels=3):
    """Samples of 8 or 16 bits, a few of them black or white."""
    depth = draw(st.sampled_from([np.uint8, np.uint16]))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = (draw(st.integers(1, 6)), draw(st.integers(1, 6)), channels)
    top = np.iinfo(depth).max
    samples = generator.integers(0, top, shape, dtype=depth, endpoint=True)
    return np.where(generator.random(shape[:2])[..., None] < 0.1, draw(st.sampled_from([0, top])), samples)


def in_8_bits(samples):
    return samples.astype(float) / np.iinfo(samples.dtype).max * 255


@given(pixels(), st.sampled_from(sorted(TO_SRGB)), st.sampled_from(sorted(LIGHT)))
@settings(max_examples=25)
def test_any_space_is_shown_by_its_formula_and_comes_back(samples, primaries, transfer):
    picture = decode_bytes(png(samples, cicp(primaries, transfer)))
    assert picture.warnings == ()
    top = np.iinfo(samples.dtype).max
    expected = 255 * shown(samples / top, primaries, transfer)
    # Where sRGB ends in black its curve is steep, and the published matrices have four digits.
    assert np.abs(in_8_bits(picture.pixels) - expected).max() <= 1.2
    again = decode_bytes(encode_bytes(picture, "png"))
    if (primaries, transfer) not in SRGB_CODES:
        assert again.restore.codes == (primaries, transfer)
    assert np.abs(in_8_bits(again.pixels) - in_8_bits(picture.pixels)).max() <= (1 if top > 255 else 3)


@given(st.integers(0, 255), st.integers(0, 255), st.sampled_from([1, 3]), st.data())
@settings(max_examples=40)
def test_any_two_numbers_are_a_picture_with_a_word_where_they_mean_nothing(
    primaries, transfer, channels, data
):
    samples = data.draw(pixels(channels))
    picture = decode_bytes(png(samples, cicp(primaries, transfer)))
    assert picture.warnings in WARNINGS
    assert ("hdr_to_sdr" in picture.warnings) <= (transfer in HDR)
    if transfer in HDR:
        assert picture.warnings
    if picture.warnings == ("color",):
        assert np.array_equal(picture.pixels, np.broadcast_to(samples, picture.pixels.shape))
    again = decode_bytes(encode_bytes(picture, "png"))
    assert again.warnings == ()
    assert again.restore.codes == picture.restore.codes


@given(st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1))
@settings(max_examples=15, deadline=None)
def test_any_nclx_of_an_avif_is_kept_or_a_warning(primaries, transfer):
    picture = decode_bytes(avif(np.full((8, 8, 3), (120, 110, 100), np.uint8), primaries, transfer))
    assert picture.warnings in WARNINGS - {("icc",)}
    result = encode_bytes(picture, "avif")
    if picture.restore.codes is not None:
        assert named(result) == (primaries, transfer)
    assert decode_bytes(result).warnings == ()


@given(pixels(), st.integers(1, 2**31 - 1))
@settings(max_examples=25)
def test_any_gamma_is_shown_by_its_formula_or_a_warning(samples, number):
    gamma = number / 100_000
    chunk = b"gAMA", number.to_bytes(4)
    picture = decode_bytes(png(samples, chunk))
    assert picture.warnings in {(), ("icc_to_srgb",), ("color",)}
    if abs(gamma * 2.2 - 1) <= 0.05 or picture.warnings == ("color",):
        assert np.array_equal(picture.pixels, samples)
    else:
        expected = 255 * srgb_values((samples / np.iinfo(samples.dtype).max) ** (1 / gamma))
        assert np.abs(in_8_bits(picture.pixels) - expected).max() <= 1


KINDS = {
    "curve": rgb_icc(P3_XYZ, SRGB_CURVE),
    "power": rgb_icc(P3_XYZ, gamma_tag(1.8)),
    "tables": tables_icc(A2B0=forth_table(), B2A0=back_table()),
    "one way": tables_icc(A2B0=forth_table()),
    "another way": tables_icc(A2B0=forth_table(), B2A0=lut8(3, bytes(24))),
    "grey": make_icc({b"kTRC": gamma_tag(2.2)}, b"GRAY"),
    "nothing": make_icc({}, b"RGB "),
}


@given(st.sampled_from(sorted(KINDS)), st.sampled_from(["png", "jpg", "tiff", "webp", "avif"]), st.data())
@settings(max_examples=40, deadline=None)
def test_a_damaged_profile_of_any_kind_never_costs_the_picture(kind, target, data):
    icc = bytearray(KINDS[kind])
    for _ in range(data.draw(st.integers(0, 6))):
        icc[data.draw(st.integers(0, len(icc) - 1))] = data.draw(st.integers(0, 255))
    icc = bytes(icc[: data.draw(st.sampled_from([len(icc), len(icc) - 9, 130]))])
    file = BytesIO()
    samples = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(samples[..., 0] if kind == "grey" else samples).save(file, "PNG", icc_profile=icc)
    picture = decode_bytes(file.getvalue())
    assert picture.warnings in WARNINGS
    if picture.warnings == ("icc",):
        assert picture.restore.icc is None
    assert decode_bytes(encode_bytes(picture, target)).pixels.shape == (8, 8, 3)
