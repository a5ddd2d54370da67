"""Many scores -> mean, spread and extremes; torch-free."""

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """What can be said of the scores of many pictures.

    Attributes:
        mean: Arithmetic mean of the finite scores; infinite where there is none.
        std: Standard deviation of the finite scores (divided by their number, not one less); None where there
            is none.
        median: Middle of all scores.
        min: Lowest.
        max: Highest.
        n: Number of scores; pictures without one do not count.
        infinite: How many of them are infinite, as the PSNR of an image that equals its reference.
    """

    mean: float
    std: float | None
    median: float
    min: float
    max: float
    n: int
    infinite: int = 0


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
