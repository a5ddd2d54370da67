"""How sure a difference of means is, from the differences on the same pictures.

Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3 (percentile interval).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000
SEED = 0
LEVEL = 0.95

_AT_ONCE = 2**20
"""Numbers drawn in one step, which bounds the memory."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How much a mean has changed.

    Attributes:
        mean: New minus old, over the pictures that both have.
        low: Lower end of the confidence interval; None for a single picture, which tells nothing of it.
        high: Upper end, or None.
        n: Pictures that both have.
    """

    mean: float
    low: float | None
    high: float | None
    n: int

    @property
    def certain(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def paired_difference(
    differences: Sequence[float], *, resamples: int = RESAMPLES, seed: int = SEED, level: float = LEVEL
) -> Difference | None:
    """Mean of paired differences, and its percentile interval.

    Args:
        differences: New minus old, one for each picture.
        resamples: How often pictures are drawn anew, as many as there are and with replacement.
        seed: Of the draws: equal scores give an equal interval.
        level: Share of the means that lie inside.

    Returns:
        None where there is no difference, or one is not finite.
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
