"""PQ and HLG become sRGB: shadows are kept, highlights compressed, and a warning is always given."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from lowlight_cli.images.color.color_management import plain_srgb
from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.encode import encode_bytes
from tests.unit.images.coded_files import avif, cicp, heic, png
from tests.unit.images.color_science import (
    TO_SRGB,
    hlg_values_of_gray,
    pq_light,
    pq_values,
    srgb_values,
)
from tests.unit.images.icc_bytes import P3_XYZ, gamma_tag, rgb_icc

PQ, HLG = 16, 18
VALUES = {PQ: pq_values, HLG: hlg_values_of_gray}
WHITE = 203
"""Diffuse white in cd/m2, by ITU-R BT.2408."""


def grays(light, transfer, depth=np.uint16):
    """A row of grays of the given light in cd/m2."""
    values = VALUES[transfer](light)[None, :, None] * np.ones(3)
    return (values * np.iinfo(depth).max).round().astype(depth)


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_shadows_and_midtones_have_the_light_they_had(transfer):
    light = np.linspace(0.1, 87, 400)
    picture = decode_bytes(png(grays(light, transfer), cicp(9, transfer)))
    assert picture.warnings == ("hdr_to_sdr",)
    expected = 65535 * srgb_values(light / WHITE)
    assert np.abs(picture.pixels[0] - expected[:, None]).max() < 20


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_highlights_keep_their_order_and_end_in_white(transfer):
    light = np.linspace(60, 1000, 300)
    shades = decode_bytes(png(grays(light, transfer), cicp(9, transfer))).pixels[0, :, 1].astype(int)
    assert np.diff(shades).min() >= -1  # a step of 65535 is the fineness of the tables
    assert np.diff(shades[:200]).min() > 0
    paper = np.interp(WHITE, light, shades) / 65535
    assert 0.85 < paper < 0.95
    assert shades[-1] > 65535 * 0.995


def test_what_is_brighter_than_the_peak_is_white():
    picture = decode_bytes(png(grays(np.array([1000.0, 4000, 10000]), PQ), cicp(9, PQ)))
    assert picture.pixels.min() > 65200


@pytest.mark.parametrize("primaries", [9, 12, 1, 2])
def test_colors_below_the_knee_are_those_of_the_formula(primaries):
    values = np.random.default_rng(0).uniform(0.2, 0.48, (8, 30, 3))
    samples = (values * 65535).round().astype(np.uint16)
    picture = decode_bytes(png(samples, cicp(primaries, PQ)))
    light = pq_light(samples / 65535) @ np.array(TO_SRGB[9 if primaries == 2 else primaries]).T / WHITE
    off = np.abs(picture.pixels / 65535 - srgb_values(light))
    assert off[light > 0.003].max() < 0.003  # the published matrices have four digits
    assert off.max() < 0.02


def test_bright_colors_keep_their_hue():
    """All three channels are compressed by the same factor."""
    values = pq_values(np.array([[[900.0, 450, 90]]]))
    picture = decode_bytes(png((values * 65535).round().astype(np.uint16), cicp(1, PQ)))
    light = ((picture.pixels[0, 0] / 65535 + 0.055) / 1.055) ** 2.4
    assert np.allclose(light / light[0], [1, 0.5, 0.1], atol=0.01)


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("target", ["avif", "png", "jpg", "tiff", "webp"])
def test_results_say_srgb(transfer, target):
    samples = grays(np.linspace(1, 90, 64).repeat(1), transfer, np.uint8).repeat(16, axis=0)
    picture = decode_bytes(avif(samples, 9, transfer))
    assert picture.warnings == ("hdr_to_sdr",)
    data = encode_bytes(picture, target)
    assert b"cICP" not in data
    assert b"colrnclx\0\x09" not in data
    with Image.open(BytesIO(data)) as image:
        assert image.info["icc_profile"] == plain_srgb()
        result = np.asarray(image).astype(float)
    assert np.abs(result.mean(axis=0) - picture.pixels.mean(axis=0) / 257).max() < 4
    assert decode_bytes(data).warnings == ()


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_ten_bits_of_a_heic(transfer):
    pytest.importorskip("pillow_heif")
    light = np.linspace(1, 90, 64)
    picture = decode_bytes(heic(grays(light, transfer).repeat(16, axis=0), 9, transfer))
    assert picture.warnings == ("hdr_to_sdr",)
    assert picture.frames[0].is_sixteen_bit
    assert np.abs(picture.pixels[8] / 65535 - srgb_values(light / WHITE)[:, None]).max() < 0.01


def test_gray_stays_gray_without_a_profile():
    picture = decode_bytes(png(grays(np.linspace(1, 90, 32), PQ)[..., :1], cicp(9, PQ)))
    assert picture.warnings == ("hdr_to_sdr",)
    with Image.open(BytesIO(encode_bytes(picture, "png"))) as image:
        assert image.mode.startswith("I;16")
        assert "icc_profile" not in image.info


def test_a_profile_can_say_pq_too():
    """ICC.1:2022, section 10.3: the curves of such a profile must not be used for display."""
    tag = b"cicp\0\0\0\0" + bytes((12, PQ, 0, 1))
    file = BytesIO()
    samples = grays(np.linspace(1, 90, 32), PQ, np.uint8)
    Image.fromarray(samples).save(file, "PNG", icc_profile=rgb_icc(P3_XYZ, gamma_tag(6), cicp=tag))
    picture = decode_bytes(file.getvalue())
    assert picture.warnings == ("hdr_to_sdr",)
    expected = srgb_values(pq_light(samples / 255) / WHITE)
    assert np.abs(picture.pixels / 65535 - expected).max() < 0.002
