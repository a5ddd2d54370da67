import numpy as np
import pytest

from lowlight_cli.detection.average_precision import score_detections
from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.comparison import compare
from lowlight_cli.detection.predictions import Detection, Truth

CLASSES = ("cat", "dog")


@pytest.fixture
def pictures():
    random = np.random.default_rng(0)
    truth = []
    for index in range(60):
        left, top = random.uniform(0, 300, 2)
        box = Box(int(random.integers(0, 2)), left, top, left + 60.0, top + 50.0)
        truth.append(Truth(f"{index}.jpg", (400, 400), (box,)))
    return truth


def detector(pictures, share: float, seed: int):
    """Finds a share of the boxes, and as many things that are not there."""
    random = np.random.default_rng(seed)
    stray = Box(0, 380.0, 380.0, 399.0, 399.0)
    return [
        tuple(
            Detection(box if random.random() < share else stray, float(random.random())) for box in each.boxes
        )
        for each in pictures
    ]


def test_the_difference_is_that_of_the_scores(pictures):
    one, other = detector(pictures, 0.5, 1), detector(pictures, 0.9, 2)

    found = compare(pictures, one, other, 2, resamples=200)

    scores = [score_detections(pictures, each, CLASSES).map50 for each in (one, other)]
    assert found.value == pytest.approx(scores[1] - scores[0], abs=1e-6)
    assert found.low < found.value < found.high
    assert found.is_clear
    assert found == compare(pictures, one, other, 2, resamples=200)


def test_a_detector_is_no_better_than_itself(pictures):
    one = detector(pictures, 0.6, 1)

    found = compare(pictures, one, one, 2, resamples=50)

    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
    assert not found.is_clear


def test_equally_good_detectors_are_not_told_apart(pictures):
    clear = [
        compare(
            pictures, detector(pictures, 0.6, seed), detector(pictures, 0.6, seed + 50), 2, resamples=200
        ).is_clear
        for seed in range(10)
    ]

    assert sum(clear) <= 3  # one in twenty is expected
