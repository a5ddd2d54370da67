"""Pairs whose scores follow from a formula, under every protocol."""

import math

import pytest
import torch

from lowlight_cli.evaluation.catalog import METRICS
from lowlight_cli.evaluation.protocols import PROTOCOLS
from lowlight_cli.evaluation.score import Scorer

LUMA = (0.299, 0.587, 0.114)
COLUMNS = ["psnr", "psnr_y", "mae", "ssim", "ssim_y", "ssim_rgb"]


def flat(*levels):
    """A picture of one color, given on the scale of 255."""
    return (torch.tensor(levels, dtype=torch.float64) / 255).view(1, 3, 1, 1).expand(1, 3, 24, 24)


def scores(protocol, image, reference, **options):
    return Scorer(COLUMNS, protocol, **options).score(image, reference)[0].values


def decibels(difference, floor=0.0):
    """PSNR of a difference that is the same everywhere, on the scale of 255."""
    return -10 * math.log10((difference / 255) ** 2 + floor)


def lightness(first, second):
    """SSIM of two flat planes on the scale of 255."""
    c1 = (0.01 * 255) ** 2
    return (2 * first * second + c1) / (first**2 + second**2 + c1)


def luma(protocol, *levels):
    """What the luma columns see of a color of whole levels, on the scale of 255."""
    plain = sum(weight * level for weight, level in zip(LUMA, levels, strict=True))
    studio = 16 + plain * 219 / 255
    return {
        "lle": studio,
        "codeenhance": studio,
        "glare": studio,
        "y": studio,
        "drgn": round(studio),
        "pyiqa": plain,
        "vqcnir": plain,
    }[protocol]


def luma_of_ssim(protocol, *levels):
    return round(luma(protocol, *levels)) if protocol in ("pyiqa", "vqcnir") else luma(protocol, *levels)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_two_flat_colors(protocol):
    image, reference = (110, 60, 30), (100, 80, 25)
    found = scores(protocol, flat(*image), flat(*reference))
    floor = 1e-8 if protocol in ("pyiqa", "vqcnir") else 0
    squared = sum((a - b) ** 2 for a, b in zip(image, reference, strict=True)) / 3
    across = decibels(math.sqrt(squared), floor)
    along = decibels(luma(protocol, *image) - luma(protocol, *reference), floor)
    each = sum(lightness(a, b) for a, b in zip(image, reference, strict=True)) / 3
    light = lightness(luma_of_ssim(protocol, *image), luma_of_ssim(protocol, *reference))
    assert found["psnr"] == pytest.approx(along if protocol == "y" else across, abs=1e-4)
    assert found["psnr_y"] == pytest.approx(along, abs=1e-4)
    assert found["mae"] == pytest.approx((10 + 20 + 5) / 3 / 255, abs=1e-6)
    assert found["ssim"] == pytest.approx(light if protocol in ("y", "pyiqa", "vqcnir") else each, abs=1e-6)
    assert found["ssim_y"] == pytest.approx(light, abs=1e-6)
    assert found["ssim_rgb"] == pytest.approx(each, abs=1e-6)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_half_a_picture_off_costs_three_decibels_less(protocol):
    reference = flat(100, 100, 100)
    image = reference.clone()
    image[..., :12] += 20 / 255
    whole, half = (scores(protocol, picture, reference) for picture in (reference + 20 / 255, image))
    for column in ("psnr", "psnr_y"):
        assert half[column] - whole[column] == pytest.approx(10 * math.log10(2), abs=1e-4)
    assert half["mae"] == pytest.approx(whole["mae"] / 2)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_differences_that_a_file_cannot_hold_count_where_nothing_is_rounded(protocol):
    found = scores(protocol, flat(100.4, 100.4, 100.4), flat(100, 100, 100))
    expected = {"pyiqa": decibels(0.4, 1e-8), "glare": decibels(0.4), "vqcnir": 80.0}
    assert found["psnr"] == pytest.approx(expected.get(protocol, math.inf), abs=1e-4)
    assert found["ssim"] == 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_red_and_blue_swapped(protocol):
    image, reference = flat(90, 50, 40), flat(40, 50, 90)
    found = scores(protocol, image, reference)
    floor = 1e-8 if protocol in ("pyiqa", "vqcnir") else 0
    along = decibels(luma(protocol, 90, 50, 40) - luma(protocol, 40, 50, 90), floor)
    across = decibels(50 * math.sqrt(2 / 3), floor)
    assert found["psnr"] == pytest.approx(along if protocol == "y" else across, abs=1e-4)
    assert found["psnr_y"] == pytest.approx(along, abs=1e-4)
    assert found["mae"] == pytest.approx(100 / 3 / 255, abs=1e-6)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_aligned_brightness_is_of_the_gray_that_the_protocol_takes(protocol):
    image, reference = (20, 30, 50), (60, 60, 60)
    found = scores(protocol, flat(*image), flat(*reference), gray_mean=True)
    weights = LUMA[::-1] if protocol == "glare" else LUMA
    scale = 60 / sum(weight * level for weight, level in zip(weights, image, strict=True))
    aligned = [level * scale for level in image]
    rounded = aligned if protocol in ("glare", "pyiqa") else [round(level) for level in aligned]
    error = sum(abs(level - 60) for level in rounded) / 3
    assert found["mae*"] == pytest.approx(error / 255, abs=1e-6)
    floor = 1e-8 if protocol in ("pyiqa", "vqcnir") else 0
    if protocol != "y":
        squared = sum((level - 60) ** 2 for level in rounded) / 3
        assert found["psnr*"] == pytest.approx(decibels(math.sqrt(squared), floor), abs=1e-4)
    plain = scores(protocol, flat(*image), flat(*reference))
    assert {name: found[name] for name in COLUMNS} == plain


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_brightened_beyond_white_is_clipped(protocol):
    image, reference = flat(200, 10, 10), flat(250, 250, 250)
    found = scores(protocol, image, reference, gray_mean=True)
    weights = LUMA[::-1] if protocol == "glare" else LUMA
    gray = weights[0] * 200 + (1 - weights[0]) * 10
    dim = 10 * 250 / gray
    dim = dim if protocol in ("glare", "pyiqa") else round(dim)
    assert found["mae*"] == pytest.approx((5 + 2 * (250 - dim)) / 3 / 255, abs=1e-6)


def test_studio_luma_gains_what_its_range_is_narrower():
    image, reference = flat(110, 110, 110), flat(100, 100, 100)
    gain = scores("y", image, reference)["psnr"] - scores("lle", image, reference)["psnr"]
    assert gain == pytest.approx(20 * math.log10(255 / 219), abs=1e-4)


def test_fsim_looks_at_color_where_the_protocol_says():
    image, reference = torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64)
    for name, protocol in PROTOCOLS.items():
        found = Scorer(["fsim", "fsimc"], name).score(image, reference)[0].values
        assert (found["fsim"] == found["fsimc"]) is protocol.chromatic_fsim


def test_every_protocol_tells_what_it_does():
    assert list(PROTOCOLS) == ["lle", "pyiqa", "y", "codeenhance", "glare", "vqcnir", "drgn"]
    for name, protocol in PROTOCOLS.items():
        assert protocol.name == name
        assert len(protocol.description) > 200
        assert protocol.source
        assert {"psnr", "ssim", "gt_mean"} <= set(protocol.settings())
    assert "0.114 R + 0.587 G + 0.299 B" in PROTOCOLS["glare"].settings()["gt_mean"]
    assert set(METRICS) >= set(COLUMNS)
