"""The gain that follows the light of the surroundings, against its definition written out in NumPy."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lowlight_cli.layers.exposure import lift, luma
from lowlight_cli.layers.local_lift import (
    area_shrink,
    even_log_gain,
    kept_where_lit,
    log_gain_map,
    log_gain_of,
    measure_light,
    spread,
)

TARGET = 0.4


def scene(left, right, size=(96, 128), texture=0.02, seed=0):
    """A picture whose halves have these lightnesses."""
    height, width = size
    values = torch.full((1, 3, height, width), left)
    values[..., width // 2 :] = right
    noise = torch.randn(values.shape, generator=torch.Generator().manual_seed(seed))
    return (values * (1 + texture * noise)).clamp(0, 1)


def gains(images):
    return log_gain_map(images, TARGET).exp()


def test_areas_are_averaged_as_another_library_does():
    plane = np.random.default_rng(0).random((300, 412), dtype=np.float32)
    expected = cv2.resize(plane, (64, 64), interpolation=cv2.INTER_AREA)
    made = area_shrink(torch.from_numpy(plane)[None, None], 64)[0, 0].numpy()
    assert np.abs(made - expected).max() < 1e-5


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 70))
def test_areas_keep_the_mean(height, width, side):
    plane = torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(height))
    made = area_shrink(plane, side)
    assert made.shape == (1, 1, side, side)
    assert float(made.mean()) == pytest.approx(float(plane.mean()), abs=1e-5)


def test_surroundings_are_those_of_a_guided_filter():
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 0.5
    cells = luma(images)[0].double().numpy()

    def box(values):
        padded = np.pad(values, 8, mode="edge")
        return np.array([[padded[y : y + 17, x : x + 17].mean() for x in range(64)] for y in range(64)])

    mean = box(cells)
    variance = box(cells**2) - mean**2
    slope = variance / (variance + 0.01)
    expected = box(slope) * cells + box(mean - slope * mean)
    light = measure_light(images)
    made = light.slope[0, 0] * luma(images)[0] + light.offset[0, 0]
    assert np.abs(made.numpy() - expected).max() < 1e-5


@pytest.mark.parametrize("level", [0.01, 0.05, 0.1])
def test_an_evenly_dark_picture_gets_one_gain(level):
    images = scene(level, level)
    even = even_log_gain(luma(images).mean((1, 2)), TARGET)
    torch.testing.assert_close(log_gain_map(images, TARGET), even.expand(1, 1, 256, 256))
    assert float(lift(images, even.exp()).mean()) == pytest.approx(TARGET, abs=0.02)


def test_a_well_lit_picture_gets_none():
    images = scene(0.35, 0.75, texture=0.2)
    assert torch.equal(gains(images), torch.ones(1, 1, 256, 256))


def test_the_dark_half_is_lifted_and_the_lit_half_hardly():
    made = gains(scene(0.03, 0.7))[0, 0]
    assert float(made[:, :100].mean()) > 6
    assert float(made[:, 156:].max()) < 2
    one_gain = even_log_gain(torch.tensor([0.365]), TARGET).exp()
    assert float(one_gain) < 1.2


def test_an_edge_stays_an_edge():
    """Within 2 % of the width of where the light changes, the gain is that of its own side."""
    row = gains(scene(0.03, 0.7, texture=0.0))[0, 0, 128]
    assert float(row[122]) == pytest.approx(float(row[64]), rel=0.5)
    assert float(row[134]) == pytest.approx(float(row[192]), rel=0.2)


@settings(max_examples=15, deadline=None)
@given(st.floats(0.01, 0.9), st.floats(0.01, 0.9), st.booleans(), st.booleans())
def test_a_turned_picture_has_turned_gains(left, right, is_upside_down, is_mirrored):
    sides = [dim for dim, is_so in ((2, is_upside_down), (3, is_mirrored)) if is_so]
    images = scene(left, right)
    torch.testing.assert_close(gains(images.flip(sides)), gains(images).flip(sides), rtol=1e-3, atol=1e-3)


def test_the_size_of_a_picture_does_not_matter():
    small = scene(0.03, 0.5, size=(90, 120))
    large = small.repeat_interleave(3, dim=2).repeat_interleave(3, dim=3)
    torch.testing.assert_close(log_gain_map(large, TARGET), log_gain_map(small, TARGET), rtol=1e-3, atol=1e-3)


def test_a_part_has_the_gain_it_has_in_the_whole():
    whole = log_gain_map(scene(0.03, 0.6), TARGET)
    picture, part = torch.empty(1, 3, 200, 300), torch.empty(1, 3, 80, 60)
    place = torch.tensor([[40 / 200, 120 / 300, 80 / 200, 60 / 300]])
    expected = spread(whole, picture)[..., 40:120, 120:180]
    torch.testing.assert_close(spread(whole, part, place), expected, rtol=1e-4, atol=1e-5)


def test_training_finds_nearly_the_gain_of_use():
    """A crop with a small copy of its view against the gain that the whole view gets."""
    view = scene(0.03, 0.6, size=(256, 256), texture=0.0)
    place = torch.tensor([[0.25, 0.25, 0.5, 0.5]])
    crop = view[..., 64:192, 64:192]
    guide = luma(crop).unsqueeze(1)
    made = log_gain_of(measure_light(area_shrink(view, 64)), guide, TARGET, place)
    expected = spread(log_gain_map(view, TARGET), crop, place)
    assert float((made - expected).abs().mean()) < 0.02


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_the_gain_does_not_depend_on_the_number_format(precision):
    images = scene(0.03, 0.6)
    expected = log_gain_map(images, TARGET)
    with torch.autocast("cpu", precision):
        torch.testing.assert_close(log_gain_map(images, TARGET), expected)


def test_each_picture_of_a_batch_has_its_own():
    dark, lit = scene(0.03, 0.6), scene(0.5, 0.5)
    together = log_gain_map(torch.cat([dark, lit]), TARGET)
    torch.testing.assert_close(together[:1], log_gain_map(dark, TARGET))
    torch.testing.assert_close(together[1:], log_gain_map(lit, TARGET))


def test_what_was_not_lifted_is_kept_and_what_was_is_made_anew():
    kept, made = torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 8)
    gray, flat = torch.full((1, 3, 8, 8), 0.5), torch.ones(1, 1, 8, 8)
    assert torch.equal(kept_where_lit(kept, made, gray, 0 * flat), kept)
    torch.testing.assert_close(kept_where_lit(kept, made, gray, 2 * flat), made)
    torch.testing.assert_close(kept_where_lit(kept, made, gray, np.log(6) / 2 * flat), (kept + made) / 2)


def test_highlights_are_kept_however_much_was_lifted():
    kept, made = torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 8)
    gain = torch.full((1, 1, 8, 8), 3.0)
    torch.testing.assert_close(kept_where_lit(kept, made, torch.ones(1, 3, 8, 8), gain), kept)
    torch.testing.assert_close(
        kept_where_lit(kept, made, torch.full((1, 3, 8, 8), 0.9), gain), (kept + made) / 2
    )
