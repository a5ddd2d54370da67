"""Which part of a photo is shown at full size."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.preview.crop import choose_region, region_around

SIDES = st.integers(1, 500)


@given(SIDES, SIDES, st.integers(1, 600), st.data())
def test_a_region_lies_inside_and_holds_its_pixel(height, width, side, data):
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    region = region_around(x, y, width=width, height=height, side=side)
    assert 0 <= region.left <= x < region.left + region.width <= width
    assert 0 <= region.top <= y < region.top + region.height <= height
    assert max(region.height, region.width) == min(side, max(height, width))


@given(SIDES, SIDES, st.integers(1, 600), st.integers(0, 9))
def test_a_chosen_region_lies_inside(height, width, side, seed):
    luma = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    region = choose_region(luma, side)
    assert 0 <= region.left <= region.left + region.width <= width
    assert 0 <= region.top <= region.top + region.height <= height


def test_the_part_with_detail_in_the_dark_is_chosen():
    luma = np.full((600, 900), 20, np.uint8)
    luma[50:150:8, 50:200] = 250  # detail in the light
    luma[:200, :300] = np.maximum(luma[:200, :300], 150)
    for row in range(400, 520, 12):
        luma[row : row + 6, 600:800] = 60  # detail in the dark
    region = choose_region(luma, 200)
    assert 300 <= region.top <= 520
    assert 450 <= region.left <= 750


def test_an_even_photo_is_shown_in_its_center():
    region = choose_region(np.full((300, 400), 30, np.uint8), 100)
    assert (region.top, region.left) == (113, 150)
