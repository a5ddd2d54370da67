"""How often the engine waits for a GPU, and what it sends over the bus."""

import math

import pytest

from tests.fake_cuda.cases import PICTURE_SIZE, PICTURES, TILE_ROWS

PIXELS = PICTURES * math.prod(PICTURE_SIZE)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_pass_that_is_begun_waits_once(facts, precision):
    found = facts["passes"][f"{precision} begun"]
    assert found["results"] == PICTURES
    assert found["waits"] == 1
    assert found["copies_in"] == 1
    # 3 bytes for each pixel in each direction, and one flag for each picture.
    assert (found["bytes_in"], found["bytes_out"]) == (3 * PIXELS, 3 * PIXELS + PICTURES)


def test_photos_of_one_padded_size_are_one_pass(facts):
    # 393 to 400 rows, all padded to 416, and 600 columns to 608.
    found = facts["passes"]["several sizes begun"]
    assert found["results"] == PICTURES
    assert (found["waits"], found["copies_in"]) == (1, 1)
    pixels = PICTURES * 416 * 608
    assert (found["bytes_in"], found["bytes_out"]) == (3 * pixels, 3 * pixels + PICTURES)


def test_tiles_are_blended_on_the_device_and_cross_the_bus_as_bytes(facts):
    found = facts["tiles"]
    assert (found["results"], found["bytes_out"]) == (1, 3 * math.prod(PICTURE_SIZE))
    # For each row of tiles one look whether it is finite and one copy out, however many tiles it has.
    assert found["waits"] == 2 * TILE_ROWS


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_pass_with_care_waits_twice_for_each_picture(facts, precision):
    # For each picture one look whether it is finite and one copy out. It runs where a pass that was begun
    # failed.
    found = facts["passes"][precision]
    assert found["results"] == PICTURES
    assert found["waits"] == 2 * PICTURES
    assert found["copies_in"] == PICTURES
    assert (found["bytes_in"], found["bytes_out"]) == (3 * PIXELS, 3 * PIXELS)
