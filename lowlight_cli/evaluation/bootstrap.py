"""Computes confidence intervals of paired differences of means.

Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3 (percentile interval).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000
SEED = 0
LEVEL = 0.95

_AT_ONCE = 2**20
"""Random numbers drawn at a time, which bounds the memory."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Change of a mean.

    Attributes:
        mean: New minus old, over the images that both have.
        low: Lower end of the confidence interval; None for a single image.
        high: Upper end, or None.
        n: Number of images that both have.
    """

    mean: float
    low: float | None
    high: float | None
    n: int


def paired_difference(
    differences: Sequence[float], *, resamples: int = RESAMPLES, seed: int = SEED, level: float = LEVEL
) -> Difference | None:
    """Mean of paired differences, and its percentile interval.

    Args:
        differences: New minus old, one per image.
        resamples: Number of bootstrap samples, each as large as ``differences``.
        seed: Random seed; equal scores give equal intervals.
        level: Confidence level.

    Returns:
        None if there are no differences, or one is not finite.
    """
    values = np.asarray(differences, np.float64)
    if not values.size or not np.isfinite(values).all():
        return None
    if values.size == 1:
        return Difference(float(values[0]), None, None, 1)
    generator = np.random.default_rng(seed)
    rows = max(1, _AT_ONCE // values.size)
    means = np.concatenate(
        [
            values[generator.integers(values.size, size=(min(rows, resamples - start), values.size))].mean(1)
            for start in range(0, resamples, rows)
        ]
    )
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Difference(float(values.mean()), float(low), float(high), values.size)
