"""How often the engine waits for a GPU, and what it sends over the bus."""

import math

import pytest

from tests.fake_cuda.cases import PICTURE_SIZE, PICTURES


@pytest.fixture(params=["fp32", "bf16"])
def run(facts, request):
    """Precision, and what came of one pass of several pictures in it."""
    return request.param, facts["passes"][request.param]


def test_every_picture_has_a_result(run):
    assert run[1]["results"] == PICTURES


def test_a_pass_waits_twice_for_each_picture(run):
    # For each picture one look whether it is finite and one copy out; in a short format one look at all, to
    # know what to compute again. Fewer are better: then lower the number here.
    precision, found = run
    assert found["waits"] == 2 * PICTURES + (precision != "fp32")


def test_whole_pictures_cross_the_bus_as_bytes_once_in_each_direction(run):
    _, found = run
    pixels = PICTURES * math.prod(PICTURE_SIZE)
    assert found["copies_in"] == PICTURES
    assert (found["bytes_in"], found["bytes_out"]) == (3 * pixels, 3 * pixels)
