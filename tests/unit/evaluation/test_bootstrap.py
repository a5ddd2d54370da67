import numpy as np
import pytest
from scipy import stats

from lowlight_cli.evaluation.bootstrap import paired_difference


@pytest.fixture
def differences():
    return np.random.default_rng(7).normal(0.3, 1.0, 60).tolist()


def test_the_interval_is_that_of_scipy(differences):
    ours = paired_difference(differences)
    theirs = stats.bootstrap((differences,), np.mean, n_resamples=10_000, method="percentile", rng=1)
    assert ours.mean == pytest.approx(np.mean(differences))
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.02)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.02)


def test_the_interval_is_near_that_of_the_normal_distribution(differences):
    spread = 1.96 * np.std(differences) / len(differences) ** 0.5
    ours = paired_difference(differences)
    assert ours.high - ours.low == pytest.approx(2 * spread, rel=0.05)


def test_equal_differences_leave_no_doubt():
    change = paired_difference([0.5] * 8)
    assert (change.mean, change.low, change.high) == (0.5, 0.5, 0.5)


def test_the_interval_of_no_change_holds_zero(differences):
    change = paired_difference([value - np.mean(differences) for value in differences])
    assert change.low <= 0 <= change.high


def test_the_seed_decides_the_interval(differences):
    assert paired_difference(differences) == paired_difference(differences)
    assert paired_difference(differences).low != paired_difference(differences, seed=1).low


def test_many_images_are_drawn_in_parts():
    change = paired_difference(np.linspace(0, 1, 5000).tolist(), resamples=1000)
    assert (change.n, change.mean) == (5000, pytest.approx(0.5))
    assert change.low < 0.5 < change.high


def test_one_image_has_no_interval_and_none_no_change():
    assert paired_difference([0.2]).low is None
    assert paired_difference([]) is None
    assert paired_difference([1.0, float("inf")]) is None
