"""What goes through the model at a time, and what is tried when it was too much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.pipeline.limits import SMALLEST_TILE, Limits, padded_area


@pytest.mark.parametrize(
    ("limits", "size", "side"),
    [
        (Limits(2**20), (1024, 1024), 0),
        (Limits(2**20), (1024, 1025), 1024),
        (Limits(2**20, tile=512), (500, 512), 0),
        (Limits(2**20, tile=512), (500, 513), 512),
        (Limits(2**10, tile=0), (4000, 6000), 0),
        (Limits(10), (500, 500), 32),
        (Limits(2**20, tile=8192, most=2**22), (4000, 6000), 2048),
        (Limits(2**20, tile=8192, most=2**22), (2000, 2000), 0),
        (Limits(2**10, tile=0, most=2**22), (2048, 2048), 0),
        (Limits(2**10, tile=0, most=2**22), (2048, 2049), 2048),
        (Limits(2**24, most=2**22), (2048, 2049), 2048),
        (Limits(2**20, tile_pixels=512**2), (1024, 1024), 0),
        (Limits(2**20, tile_pixels=512**2), (1024, 1025), 512),
        (Limits(300**2, tile_pixels=512**2), (1024, 1025), 288),
        (Limits(2**20, tile=768, tile_pixels=512**2), (1024, 1025), 768),
    ],
)
def test_large_pictures_go_by_tiles(limits, size, side):
    assert limits.tile_side(*size, 16) == side


def test_as_many_pictures_as_fit_go_together():
    assert Limits(2**20).count(500, 500, 16) == 4
    assert Limits(2**20, images=1).count(500, 500, 16) == 1
    assert Limits(2**20).count(2000, 2000, 16) == 1


@given(
    height=st.integers(1, 5000),
    width=st.integers(1, 5000),
    pixels=st.integers(2**16, 2**23),
    tile=st.none() | st.integers(0, 4096),
    most=st.integers(2**16, 2**22),
)
def test_no_pass_is_larger_than_the_most(height, width, pixels, tile, most):
    limits = Limits(pixels, tile=tile, most=most)
    side = limits.tile_side(height, width, 16)
    area = side * side if side else padded_area(height, width, 16)
    assert limits.count(height, width, 16) * area <= most


@given(
    height=st.integers(1, 3000), width=st.integers(1, 3000), count=st.integers(1, 8), tile=st.integers(0, 900)
)
def test_halving_ends_at_the_smallest_tile(height, width, count, tile):
    limits: Limits | None = Limits(2**24, tile=tile or None)
    areas, steps = [float("inf")], 0
    while limits is not None:
        side = limits.tile_side(height, width, 16)
        count = min(count, limits.count(height, width, 16))
        areas.append(count * (side * side if side else -(-height // 16) * -(-width // 16) * 256))
        assert areas[-1] < areas[-2] or side
        steps += 1
        limits = limits.halved(height, width, 16, count=count)
    assert steps < 12
    assert side <= SMALLEST_TILE or side == 0


def test_a_tile_that_was_asked_for_is_halved_too():
    limits = Limits(2**24, tile=512).halved(2000, 2000, 16, count=1)
    assert limits.tile_side(2000, 2000, 16) == 256
