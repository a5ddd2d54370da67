"""Whether one detector is better than another, or only luckier with these pictures.

Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13: pictures are drawn in pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lowlight_cli.detection.matching import RECALLS, Hits, match
from lowlight_cli.detection.predictions import Detection, Truth

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


@dataclass(frozen=True, slots=True)
class _ClassHits:
    """One class over all pictures, by falling score.

    Attributes:
        picture: Index of the picture of each detection.
        hit: Whether each hit a box.
        wanted: Boxes to be found in each picture.
    """

    picture: NDArray[np.intp]
    hit: NDArray[np.bool_]
    wanted: NDArray[np.int64]

    def score(self, weights: NDArray[np.int64]) -> float | None:
        """Average precision where each picture counts as often as ``weights`` says."""
        wanted = int(weights @ self.wanted)
        if not wanted:
            return None
        counts = weights[self.picture]
        hits, drawn = np.cumsum(counts * self.hit), np.cumsum(counts)
        precision = hits / np.maximum(drawn, 1)
        precision = np.maximum.accumulate(precision[::-1])[::-1]
        places = np.searchsorted(hits / wanted, RECALLS, side="left")
        return float(precision[places[places < len(precision)]].sum() / len(RECALLS))


def compare(
    truth: Sequence[Truth],
    one: Sequence[Sequence[Detection]],
    other: Sequence[Sequence[Detection]],
    class_count: int,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> Difference:
    """The mean average precision at overlap 0.5 of ``other`` minus that of ``one``, with its interval.

    Args:
        truth: Pictures with what should be found.
        one: What the first detector found in each.
        other: What the second found.
        class_count: Number of classes.
        resamples: How often pictures are drawn anew.
        seed: Start of the draw.
    """
    first, second = (_class_hits(truth, found, class_count) for found in (one, other))
    generator = np.random.default_rng(seed)
    plain = np.ones(len(truth), np.int64)
    value = _mean_score(second, plain) - _mean_score(first, plain)
    drawn = []
    for _ in range(resamples):
        chosen = generator.integers(0, len(truth), len(truth))
        weights = np.bincount(chosen, minlength=len(truth))
        drawn.append(_mean_score(second, weights) - _mean_score(first, weights))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Difference(value, float(low), float(high), resamples)


def _mean_score(classes: Sequence[_ClassHits], weights: NDArray[np.int64]) -> float:
    scores = [score for each in classes if (score := each.score(weights)) is not None]
    return float(np.mean(scores)) if scores else 0.0


def _class_hits(
    truth: Sequence[Truth], found: Sequence[Sequence[Detection]], class_count: int
) -> list[_ClassHits]:
    return [
        _joined([match(picture, row, label, OVERLAP) for picture, row in zip(truth, found, strict=True)])
        for label in range(class_count)
    ]


def _joined(parts: Sequence[Hits]) -> _ClassHits:
    scores = np.concatenate([part.scores for part in parts])
    order = np.argsort(-scores, kind="mergesort")
    picture = np.repeat(np.arange(len(parts)), [len(part.scores) for part in parts])
    hit = np.concatenate([part.hit for part in parts])
    return _ClassHits(picture[order], hit[order], np.array([part.wanted for part in parts], np.int64))
