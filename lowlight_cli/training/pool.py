"""Draws images from several sources with given probabilities."""

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

import torch
from torch import Generator


class Origin(NamedTuple):
    """The source of an image: its index, and its share of the draws (None if the user gave none)."""

    place: int
    weight: float | None


@runtime_checkable
class HasOrigin(Protocol):
    """Anything that has a source."""

    @property
    def origin(self) -> Origin | None:
        """The source."""


Item = TypeVar("Item", bound=HasOrigin)


class Pool(list[Item]):
    """Items to draw from.

    Sources with a weight have that share of the draws, and the others share the rest by their numbers of
    items. If all sources have a weight, only the ratio counts; if none has, all items are equally likely.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        super().__init__(items)
        self._weights = _weights_of([item.origin for item in self])
        self._sums = list(accumulate(self._weights)) if self._weights else None

    def weights(self) -> list[float]:
        """Weight of each item; only ratios count."""
        return self._weights or [1.0] * len(self)

    def draw(self, generator: Generator) -> Item:
        """Draws one item."""
        if self._sums is None:
            return self[random_below(len(self), generator)]
        uniform = float(torch.rand((), generator=generator, dtype=torch.float64)) * self._sums[-1]
        return self[min(bisect(self._sums, uniform), len(self) - 1)]


def draw_one(items: Sequence[Item], generator: Generator) -> Item:
    """Draws one item: from a pool by its weights, otherwise all equally likely."""
    if isinstance(items, Pool):
        drawn: Item = items.draw(generator)
        return drawn
    return items[random_below(len(items), generator)]


def random_below(limit: int, generator: Generator) -> int:
    """Random integer in [0, limit)."""
    return int(torch.randint(limit, (), generator=generator))


def _weights_of(origins: Sequence[Origin | None]) -> list[float]:
    """Weight of each item; empty if no source has a weight."""
    counts = Counter(origins)
    weights = {origin: origin.weight for origin in counts if origin and origin.weight is not None}
    if not weights:
        return []
    others = len(origins) - sum(counts[origin] for origin in weights)
    rest = max(0.0, 1 - sum(weights.values())) / max(others, 1)
    return [weights[origin] / counts[origin] if origin in weights else rest for origin in origins]
