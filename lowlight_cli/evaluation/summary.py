"""Many scores -> mean, spread and extremes; torch-free."""

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """What can be said of the scores of many pictures.

    Attributes:
        mean: Arithmetic mean; infinite where a score is.
        std: Standard deviation of the pictures themselves (divided by n, not n - 1); None where a score is
            infinite.
        median: Middle score.
        min: Lowest.
        max: Highest.
        n: Number of scores; pictures without one do not count.
    """

    mean: float
    std: float | None
    median: float
    min: float
    max: float
    n: int


def summarize(values: Iterable[float | None]) -> Summary | None:
    """Sums up scores.

    Args:
        values: One for each picture; None where there is none.

    Returns:
        None where there is no score at all.
    """
    scores = [value for value in values if value is not None]
    if not scores:
        return None
    finite = all(math.isfinite(score) for score in scores)
    return Summary(
        mean=statistics.fmean(scores),
        std=statistics.pstdev(scores) if finite else None,
        median=statistics.median(scores),
        min=min(scores),
        max=max(scores),
        n=len(scores),
    )
