"""Scores of several detectors on one labelled dataset, and confidence intervals of their differences."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowlight_cli.detection.average_precision import DetectionScores, score_detections
from lowlight_cli.detection.export import LabelledImage
from lowlight_cli.detection.matching import ClassHits, join_images, match
from lowlight_cli.detection.predictions import Detection, GroundTruth, Predictions, read_predictions

OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean average precision at IoU 0.5 of one detector minus that of another.

    Attributes:
        value: Difference on all images.
        low: Lower end of the 95 % bootstrap interval.
        high: Upper end of that interval.
        resamples: Number of bootstrap resamples.
    """

    value: float
    low: float
    high: float
    resamples: int


def match_classes(
    truth: Sequence[GroundTruth], found: Sequence[Sequence[Detection]], class_count: int
) -> tuple[ClassHits, ...]:
    """Matches of each class at IoU 0.5; the slow half of a comparison.

    Args:
        truth: Images with the boxes to find.
        found: Detections in each image.
        class_count: Number of classes.
    """
    return tuple(
        join_images([match(image, row, label, OVERLAP) for image, row in zip(truth, found, strict=True)])
        for label in range(class_count)
    )


def compare(
    one: Sequence[ClassHits], other: Sequence[ClassHits], *, resamples: int = 1000, seed: int = 0
) -> Difference:
    """Mean average precision at IoU 0.5 of ``other`` minus that of ``one``, with a paired bootstrap interval.

    Args:
        one: Classes of the first detector, from ``match_classes``.
        other: Classes of the second detector on the same images.
        resamples: Number of bootstrap resamples of the images.
        seed: Random seed.
    """
    count = len(one[0].positives)
    generator = np.random.default_rng(seed)
    once = np.ones(count, np.int64)
    value = _mean_score(other, once) - _mean_score(one, once)
    differences = []
    for _ in range(resamples):
        drawn = generator.integers(0, count, count)
        weights = np.bincount(drawn, minlength=count)
        differences.append(_mean_score(other, weights) - _mean_score(one, weights))
    low, high = np.percentile(differences, [2.5, 97.5])
    return Difference(value, float(low), float(high), resamples)


def _mean_score(classes: Sequence[ClassHits], weights: NDArray[np.int64]) -> float:
    scores = [score for each in classes if (score := each.average_precision(weights)) is not None]
    return float(np.mean(scores)) if scores else 0.0


VERSION = 1


@dataclass(frozen=True, slots=True)
class DetectorResult:
    """One detector.

    Attributes:
        name: Name in tables.
        source: File or folder of its predictions.
        predictions: Its detections.
        scores: Its scores.
        difference: Difference of its mAP50 to that of the first detector; None for the first.
    """

    name: str
    source: Path
    predictions: Predictions
    scores: DetectionScores
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class DetectorComparison:
    """Scores of detectors on one dataset.

    Attributes:
        labels: Folder of the dataset.
        split: The split that was scored; None for all images.
        image_count: Number of images.
        classes: Names by index.
        detectors: At least one; differences are relative to the first.
    """

    labels: Path
    split: str | None
    image_count: int
    classes: tuple[str, ...]
    detectors: tuple[DetectorResult, ...]


def ground_truth(images: Sequence[LabelledImage], split: str | None) -> list[GroundTruth]:
    """Images of a split with the boxes to find.

    Args:
        images: All images.
        split: Split to take; None takes all.
    """
    return [
        GroundTruth(each.file, each.size, each.boxes, each.sample.number)
        for each in images
        if split in (None, each.split)
    ]


def compare_detectors(
    truth: Sequence[GroundTruth],
    sources: Mapping[str, Path],
    classes: Sequence[str],
    *,
    labels: Path,
    split: str | None,
    resamples: int = 1000,
    seed: int = 0,
) -> DetectorComparison:
    """Reads and scores every detector.

    Args:
        truth: Images with the boxes to find.
        sources: File or folder of the predictions of each detector, by its name.
        classes: Names by index.
        labels: Folder of the dataset, for reports.
        split: Split of the truth, for reports.
        resamples: Number of bootstrap resamples for the intervals; 0 omits differences.
        seed: Random seed of the bootstrap.

    Raises:
        AnnotationError: Predictions are invalid.
        UnavailableError: No evaluator is installed.
    """
    detectors: list[DetectorResult] = []
    first: tuple[ClassHits, ...] | None = None
    compares = resamples > 0 and len(sources) > 1
    for name, source in sources.items():
        found = read_predictions(source, truth, classes)
        scores = score_detections(truth, found.by_image, classes)
        difference = None
        if compares:
            hits = match_classes(truth, found.by_image, len(classes))
            difference = compare(first, hits, resamples=resamples, seed=seed) if first is not None else None
            first = first or hits
        detectors.append(DetectorResult(name, source, found, scores, difference))
    return DetectorComparison(labels, split, len(truth), tuple(classes), tuple(detectors))


def as_document(comparison: DetectorComparison) -> dict[str, Any]:
    """The comparison as JSON values; keys are added, never renamed."""
    return {
        "v": VERSION,
        "labels": str(comparison.labels),
        "split": comparison.split,
        "n": comparison.image_count,
        "classes": list(comparison.classes),
        "methods": [_method(each) for each in comparison.detectors],
    }


def _method(detector: DetectorResult) -> dict[str, Any]:
    scores = asdict(detector.scores)
    classes = scores.pop("classes")
    return {
        "name": detector.name,
        "source": str(detector.source),
        "detections": sum(map(len, detector.predictions.by_image)),
        "silent": detector.predictions.missing,
        "strangers": list(detector.predictions.unknown),
        "summary": scores,
        "classes": classes,
        "difference": None if detector.difference is None else asdict(detector.difference),
    }
