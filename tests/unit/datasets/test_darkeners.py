import numpy as np
import pytest

from lowlight_cli.datasets.config import DarkeningSettings
from lowlight_cli.datasets.darkeners import physical_darkener
from lowlight_cli.detection.choices import parse_strength
from lowlight_cli.errors import UsageError


@pytest.fixture
def bright():
    return np.random.default_rng(0).integers(60, 230, (40, 60, 3), np.uint8)


def make(strength: str = "1", seed: int = 0):
    return physical_darkener(DarkeningSettings(), parse_strength(strength), seed)


def test_a_night_depends_on_seed_and_name_alone(bright):
    first = make()(bright, "a.jpg")

    assert (make()(bright, "a.jpg") == first).all()
    assert (make()(bright, "b.jpg") != first).any()
    assert (make(seed=1)(bright, "a.jpg") != first).any()


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_size_and_depth_stay(bright, depth):
    pixels = bright.astype(depth) * (257 if depth is np.uint16 else 1)

    dark = make()(pixels, "a.png")

    assert (dark.shape, dark.dtype) == (pixels.shape, pixels.dtype)
    assert dark.mean() < 0.6 * pixels.mean()


def test_more_strength_is_darker(bright):
    means = [
        np.mean([make(strength)(bright, f"{index}.png").mean() for index in range(6)])
        for strength in ("0.2", "0.6", "1", "1.5")
    ]

    assert means == sorted(means, reverse=True)
    assert means[-1] < means[0] / 2


def test_strengths_are_read():
    assert parse_strength("0.8:1.2") == (0.8, 1.2)
    assert parse_strength("1") == (1.0, 1.0)


@pytest.mark.parametrize("text", ["", "x", "1:0.5", "0:3", "1:1:1", "-1", "nan"])
def test_what_is_no_strength_is_refused(text):
    with pytest.raises(UsageError, match="is not a strength"):
        parse_strength(text)


def test_strength_deepens_uneven_light(bright):
    settings = DarkeningSettings(uneven_share=1.0)
    means = [
        np.mean([physical_darkener(settings, (power, power), seed)(bright, "a").mean() for seed in range(12)])
        for power in (0.5, 1.0, 2.0)
    ]
    assert means[0] > 1.1 * means[1] > 1.2 * means[2]
