"""What goes through the model at a time, and what is tried when it was too much."""

import pytest
from hypothesis import example, given
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
    frame=st.sampled_from([0, 4]),
)
@example(height=2048, width=2048, pixels=2**23, tile=2048, most=2**22, frame=4)
def test_no_pass_is_larger_than_the_most(height, width, pixels, tile, most, frame):
    limits, size = Limits(pixels, tile=tile, most=most), (height, width, 16, frame)
    side = limits.tile_side(*size)
    area = side * side if side else padded_area(*size)
    assert limits.count(*size) * area <= most


def test_an_image_as_large_as_the_tile_is_whole_whatever_its_frame():
    assert Limits(2**20, tile=512).tile_side(512, 512, 16, 4) == 0
    assert Limits(2**20, tile=512).tile_side(512, 513, 16, 4) == 512


def test_the_frame_counts_in_what_fits():
    assert Limits(512 * 512).tile_side(512, 512, 16) == 0
    assert Limits(512 * 512).tile_side(512, 512, 16, 4) == 512
    assert Limits(2 * 512 * 512).count(512, 512, 16) == 2
    assert Limits(2 * 512 * 512).count(512, 512, 16, 4) == 1


@given(
    height=st.integers(1, 3000),
    width=st.integers(1, 3000),
    count=st.integers(1, 8),
    tile=st.integers(0, 900),
    frame=st.sampled_from([0, 4]),
)
def test_halving_ends_at_the_smallest_tile(height, width, count, tile, frame):
    size = height, width, 16, frame
    limits: Limits | None = Limits(2**24, tile=tile or None)
    areas, steps = [float("inf")], 0
    while limits is not None:
        side = limits.tile_side(*size)
        count = min(count, limits.count(*size))
        areas.append(count * (side * side if side else padded_area(*size)))
        assert areas[-1] < areas[-2] or side
        steps += 1
        limits = limits.halved(*size, count=count)
    assert steps < 12
    assert side <= SMALLEST_TILE or side == 0


def test_a_tile_that_was_asked_for_is_halved_too():
    limits = Limits(2**24, tile=512).halved(2000, 2000, 16, count=1)
    assert limits.tile_side(2000, 2000, 16) == 256
