"""Which images are for validation: always the same, never all, at least two where they can be spared."""

from itertools import compress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.training.validation_split import held_out_places


@given(st.integers(0, 400))
def test_every_tenth_image_is_held_out_and_two_of_a_small_set(count):
    places = list(compress(range(count), held_out_places(count)))
    if count > 10:
        assert places == list(range(0, count, 10))
    else:
        assert len(places) == (2 if count >= 6 else 0)


@given(st.integers(0, 400), st.floats(0, 0.9))
def test_a_share_is_met_to_the_image_and_leaves_some_to_train_on(count, share):
    held_out = held_out_places(count, share)
    assert len(held_out) == count
    if count > 1 and share:
        assert 1 <= sum(held_out) < count or share < 1e-4
        assert abs(sum(held_out) - share * count) <= 1.05
    else:
        assert not any(held_out)


@pytest.mark.parametrize(
    ("count", "share", "held_out"), [(3, 0.1, 1), (1, 0.5, 0), (100, 0.3, 30), (9, 0.0, 0)]
)
def test_shares_of_small_sets(count, share, held_out):
    assert sum(held_out_places(count, share)) == held_out
