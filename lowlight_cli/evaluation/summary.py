"""Summarizes scores: mean, standard deviation, median and extremes; torch-free."""

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """Statistics of the scores of many images.

    Attributes:
        mean: Mean of the finite scores; infinite if there are none.
        std: Standard deviation of the finite scores, divided by n; None if there are none.
        median: Median of all scores.
        min: Lowest.
        max: Highest.
        n: Number of scores; images without one do not count.
        infinite: How many of them are infinite, such as the PSNR of an image that equals its reference.
    """

    mean: float
    std: float | None
    median: float
    min: float
    max: float
    n: int
    infinite: int = 0


def summarize(values: Iterable[float | None]) -> Summary | None:
    """Statistics of scores.

    Args:
        values: One per image; None for an image without a score.

    Returns:
        None if there is no score.
    """
    scores = [value for value in values if value is not None]
    if not scores:
        return None
    finite = [score for score in scores if math.isfinite(score)]
    return Summary(
        mean=statistics.fmean(finite or scores),
        std=statistics.pstdev(finite) if finite else None,
        median=statistics.median(scores),
        min=min(scores),
        max=max(scores),
        n=len(scores),
        infinite=len(scores) - len(finite),
    )
