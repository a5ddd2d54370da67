"""The result of a reduced copy, carried to a large image."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.images import carry_detail as module
from lowlight_cli.images.carry_detail import carry_detail

TOP = {np.uint8: 255, np.uint16: 65535}


def _scene(height, width, depth=np.uint8, *, seed=0, noise=0.0):
    """A dark scene with soft gradients, sharp bars of 3 pixels, and noise; values in [0, 0.3]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    soft = 0.12 + 0.08 * np.sin(x / 40) * np.cos(y / 55)
    bars = 0.1 * ((x % 48 < 3) & (y < height / 2))
    planes = np.stack([soft + bars, soft + 0.5 * bars, 0.8 * soft + bars], axis=2)
    planes += noise * rng.standard_normal(planes.shape)
    return np.rint(np.clip(planes, 0, 1) * TOP[depth]).astype(depth)


def _copy(pixels, size):
    deep = pixels.astype(np.float32) / TOP[pixels.dtype.type]
    return cv2.resize(deep, size, interpolation=cv2.INTER_AREA)


def _lift(values, gain):
    return gain * values / (1 + (gain - 1) * values)


def _error(result, expected):
    return np.sqrt(np.mean((result.astype(np.float64) - expected) ** 2))


@given(
    height=st.integers(40, 300),
    width=st.integers(40, 300),
    shares=st.tuples(st.floats(0.2, 0.9), st.floats(0.2, 0.9)),
    depth=st.sampled_from([np.uint8, np.uint16]),
    seed=st.integers(0, 9),
)
def test_without_a_change_in_the_copy_the_image_comes_back_bit_by_bit(height, width, shares, depth, seed):
    pixels = _scene(height, width, depth, seed=seed, noise=0.02)
    small = _copy(pixels, (max(1, int(width * shares[0])), max(1, int(height * shares[1]))))
    result = carry_detail(pixels, small, small)
    assert result.dtype == depth
    assert np.abs(result.astype(int) - pixels.astype(int)).max() <= (0 if depth == np.uint8 else 1)


@pytest.mark.parametrize("gain", [1.5, 4, 12])
def test_an_even_lift_is_carried_with_all_sharp_detail(gain):
    pixels = _scene(400, 600)
    expected = _lift(pixels / 255, gain) * 255
    small = _copy(pixels, (150, 100))
    result = carry_detail(pixels, small, _lift(small, gain))
    enlarged = cv2.resize(_lift(small, gain) * 255, (600, 400), interpolation=cv2.INTER_CUBIC)
    assert _error(result, expected) < 0.35 * _error(enlarged, expected)
    assert _error(result, expected) < 2.5


def test_a_gain_that_differs_from_place_to_place_is_carried():
    pixels = _scene(400, 600)
    gain = np.linspace(1, 10, 600, dtype=np.float32)[None, :, None]
    expected = _lift(pixels / 255, gain) * 255
    small = _copy(pixels, (150, 100))
    result = carry_detail(pixels, small, _lift(small, _copy_of_plane(gain)))
    assert _error(result, expected) < 3


def _copy_of_plane(gain):
    return cv2.resize(np.broadcast_to(gain, (400, 600, 1)).copy(), (150, 100))[..., None]


def test_noise_is_left_out_where_the_image_is_lifted_and_sharp_detail_stays():
    clean, noisy = _scene(400, 600), _scene(400, 600, noise=0.012)
    gain = 8.0
    expected = _lift(clean / 255, gain) * 255
    small = _lift(_copy(clean, (150, 100)), gain)
    result = carry_detail(noisy, _copy(noisy, (150, 100)), small)
    plain = _lift(noisy / 255, gain) * 255
    flat, bars = (slice(210, 390), slice(10, 590)), (slice(10, 190), slice(10, 590))
    assert _error(result[flat], expected[flat]) < 0.3 * _error(plain[flat], expected[flat])
    enlarged = cv2.resize(small * 255, (600, 400), interpolation=cv2.INTER_CUBIC)
    assert _error(result[bars], expected[bars]) < 0.75 * _error(enlarged[bars], expected[bars])


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_the_division_into_strips_does_not_show(monkeypatch, depth):
    pixels = _scene(230, 310, depth, noise=0.01)
    small = _copy(pixels, (90, 70))
    made = _lift(small, 5)
    carrier = module._Carrier.of(pixels, small, made)
    whole = carrier.strip(slice(0, 230))
    for strip in (1, 7, 64):
        parts = [carrier.strip(slice(top, min(top + strip, 230))) for top in range(0, 230, strip)]
        # Sums of boxes round differently.
        assert np.abs(np.concatenate(parts).astype(int) - whole).max() <= 1


@pytest.mark.parametrize("value", [0, 255])
def test_black_and_white_images_give_finite_values(value):
    pixels = np.full((80, 90, 3), value, np.uint8)
    small = _copy(pixels, (30, 27))
    for made in (np.zeros_like(small), np.ones_like(small), small):
        result = carry_detail(pixels, small, made)
        assert np.abs(result - made.mean() * 255).max() <= 1
