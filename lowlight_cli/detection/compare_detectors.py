"""Several detectors on one labelled data set: scores side by side, and whether differences are luck."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowlight_cli.detection.average_precision import DetectionScores, score_detections
from lowlight_cli.detection.export import Labelled
from lowlight_cli.detection.matching import ClassHits, joined, match
from lowlight_cli.detection.predictions import Detection, Predictions, Truth, read_predictions

OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean average precision at overlap 0.5 of one detector minus that of another.

    Attributes:
        value: On all pictures.
        low: Lower end of the interval that holds 95 % of the resamples.
        high: Upper end.
        resamples: Number of resamples.
    """

    value: float
    low: float
    high: float
    resamples: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def match_classes(
    truth: Sequence[Truth], found: Sequence[Sequence[Detection]], class_count: int
) -> tuple[ClassHits, ...]:
    """What each class of a detector comes to at overlap 0.5; the slow half of a comparison.

    Args:
        truth: Pictures with what should be found.
        found: What the detector found in each.
        class_count: Number of classes.
    """
    return tuple(
        joined([match(picture, row, label, OVERLAP) for picture, row in zip(truth, found, strict=True)])
        for label in range(class_count)
    )


def compare(
    one: Sequence[ClassHits], other: Sequence[ClassHits], *, resamples: int = 1000, seed: int = 0
) -> Difference:
    """The mean average precision at overlap 0.5 of ``other`` minus that of ``one``, with its interval.

    Args:
        one: Classes of the first detector, from ``match_classes``.
        other: Those of the second, on the same pictures.
        resamples: How often pictures are drawn anew.
        seed: Start of the draw.
    """
    pictures = len(one[0].wanted)
    generator = np.random.default_rng(seed)
    plain = np.ones(pictures, np.int64)
    value = _mean_score(other, plain) - _mean_score(one, plain)
    drawn = []
    for _ in range(resamples):
        chosen = generator.integers(0, pictures, pictures)
        weights = np.bincount(chosen, minlength=pictures)
        drawn.append(_mean_score(other, weights) - _mean_score(one, weights))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Difference(value, float(low), float(high), resamples)


def _mean_score(classes: Sequence[ClassHits], weights: NDArray[np.int64]) -> float:
    scores = [score for each in classes if (score := each.average_precision(weights)) is not None]
    return float(np.mean(scores)) if scores else 0.0


VERSION = 1


@dataclass(frozen=True, slots=True)
class DetectorResult:
    """One detector.

    Attributes:
        name: What tables call it.
        source: Where its predictions lie.
        predictions: What it found.
        scores: How good that is.
        difference: Mean average precision at overlap 0.5 minus that of the first; None for the first.
    """

    name: str
    source: Path
    predictions: Predictions
    scores: DetectionScores
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class DetectorComparison:
    """Detectors on a data set.

    Attributes:
        labels: The data set.
        split: The part that was scored; None for all of it.
        pictures: Number of pictures.
        classes: Names by index.
        detectors: At least one; differences are against the first.
    """

    labels: Path
    split: str | None
    pictures: int
    classes: tuple[str, ...]
    detectors: tuple[DetectorResult, ...]


def truth_of(pictures: Sequence[Labelled], split: str | None) -> list[Truth]:
    """What should be found.

    Args:
        pictures: A prepared data set.
        split: The part to take; None for all.
    """
    return [
        Truth(each.file, each.size, each.boxes, each.sample.number)
        for each in pictures
        if split in (None, each.split)
    ]


def hold_contest(
    truth: Sequence[Truth],
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
        truth: What should be found.
        sources: Predictions of each detector, by its name.
        classes: Names by index.
        labels: Where the truth comes from.
        split: The part it is.
        resamples: For the intervals of the differences; 0 leaves them out.
        seed: For the resamples.

    Raises:
        AnnotationError: Predictions cannot be read.
        UnavailableError: No evaluator is installed.
    """
    detectors: list[DetectorResult] = []
    first: tuple[ClassHits, ...] | None = None
    compares = resamples > 0 and len(sources) > 1
    for name, source in sources.items():
        found = read_predictions(source, truth, classes)
        scores = score_detections(truth, found.by_picture, classes)
        difference = None
        if compares:
            hits = match_classes(truth, found.by_picture, len(classes))
            difference = compare(first, hits, resamples=resamples, seed=seed) if first is not None else None
            first = first or hits
        detectors.append(DetectorResult(name, source, found, scores, difference))
    return DetectorComparison(labels, split, len(truth), tuple(classes), tuple(detectors))


def as_document(comparison: DetectorComparison) -> dict[str, Any]:
    """A contest for other programs; keys are added, never renamed."""
    return {
        "v": VERSION,
        "labels": str(comparison.labels),
        "split": comparison.split,
        "n": comparison.pictures,
        "classes": list(comparison.classes),
        "methods": [_method(each) for each in comparison.detectors],
    }


def _method(detector: DetectorResult) -> dict[str, Any]:
    scores = asdict(detector.scores)
    classes = scores.pop("classes")
    return {
        "name": detector.name,
        "source": str(detector.source),
        "detections": sum(map(len, detector.predictions.by_picture)),
        "silent": detector.predictions.silent,
        "strangers": list(detector.predictions.strangers),
        "summary": scores,
        "classes": classes,
        "difference": None if detector.difference is None else asdict(detector.difference),
    }
