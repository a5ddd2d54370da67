"""Whether one detector is better than another, or only luckier with these pictures.

Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13: pictures are drawn in pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lowlight_cli.detection.matching import ClassHits, joined, match
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
