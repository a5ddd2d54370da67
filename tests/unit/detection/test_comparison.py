import json
from pathlib import Path

import numpy as np
import pytest

from lowlight_cli.detection import compare_detectors as comparison
from lowlight_cli.detection.average_precision import score_detections
from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.compare_detectors import compare, match_classes
from lowlight_cli.detection.matching import join_images, match
from lowlight_cli.detection.predictions import Detection, GroundTruth

CLASSES = ("cat", "dog")


@pytest.fixture
def pictures():
    random = np.random.default_rng(0)
    truth = []
    for index in range(60):
        left, top = random.uniform(0, 300, 2)
        box = Box(int(random.integers(0, 2)), left, top, left + 60.0, top + 50.0)
        truth.append(GroundTruth(f"{index}.jpg", (400, 400), (box,)))
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


def excludes_zero(difference) -> bool:
    return difference.low > 0 or difference.high < 0


def test_the_difference_is_that_of_the_scores(pictures):
    one, other = detector(pictures, 0.5, 1), detector(pictures, 0.9, 2)
    hits = [match_classes(pictures, each, 2) for each in (one, other)]

    found = compare(*hits, resamples=200)

    scores = [score_detections(pictures, each, CLASSES).map50 for each in (one, other)]
    assert found.value == pytest.approx(scores[1] - scores[0], abs=1e-6)
    assert found.low < found.value < found.high
    assert excludes_zero(found)
    assert found == compare(*hits, resamples=200)


def test_a_detector_is_no_better_than_itself(pictures):
    one = match_classes(pictures, detector(pictures, 0.6, 1), 2)

    found = compare(one, one, resamples=50)

    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
    assert not excludes_zero(found)


def test_equally_good_detectors_are_not_told_apart(pictures):
    def hits(seed: int):
        return match_classes(pictures, detector(pictures, 0.6, seed), 2)

    clear = [excludes_zero(compare(hits(seed), hits(seed + 50), resamples=200)) for seed in range(10)]

    assert sum(clear) <= 3  # one in twenty is expected


def test_a_weight_is_how_often_a_picture_counts(pictures):
    found = detector(pictures, 0.6, 3)
    parts = [match(picture, row, 0, 0.5) for picture, row in zip(pictures, found, strict=True)]
    weights = np.random.default_rng(4).integers(0, 4, len(parts))
    repeated = [part for part, count in zip(parts, weights, strict=True) for _ in range(count)]

    score = join_images(parts).average_precision(weights)

    assert score == pytest.approx(join_images(repeated).average_precision(), abs=1e-12)
    assert score != join_images(parts).average_precision()


def test_each_of_many_detectors_is_matched_once(pictures, tmp_path, monkeypatch):
    matched = []

    def counting(*arguments):
        matched.append(arguments)
        return match_classes(*arguments)

    monkeypatch.setattr(comparison, "match_classes", counting)
    finds = {name: detector(pictures, share, 1) for name, share in (("a", 0.5), ("b", 0.9), ("c", 0.7))}
    sources = {name: written(tmp_path / f"{name}.json", pictures, found) for name, found in finds.items()}

    held = comparison.compare_detectors(
        pictures, sources, CLASSES, labels=tmp_path, split=None, resamples=20, seed=3
    )

    assert len(matched) == 3
    assert held.detectors[0].difference is None
    hits = {name: match_classes(pictures, found, 2) for name, found in finds.items()}
    assert [each.difference for each in held.detectors[1:]] == [
        compare(hits["a"], hits[name], resamples=20, seed=3) for name in ("b", "c")
    ]


def written(path: Path, pictures, found) -> Path:
    """Detections as a file of COCO results."""
    rows = [
        {
            "image_id": picture.stem,
            "category_id": each.box.label + 1,
            "bbox": [each.box.left, each.box.top, each.box.width, each.box.height],
            "score": each.score,
        }
        for picture, row in zip(pictures, found, strict=True)
        for each in row
    ]
    path.write_text(json.dumps(rows))
    return path
