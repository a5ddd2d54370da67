"""Pictures of several sources, and how likely each is drawn."""

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

import torch
from torch import Generator


class Origin(NamedTuple):
    """The source of a picture: its place among the sources, and its share of the draws if it has one."""

    place: int
    weight: float | None


@runtime_checkable
class Picture(Protocol):
    """Anything that knows where it is from."""

    @property
    def origin(self) -> Origin | None:
        """The source."""


Item = TypeVar("Item", bound=Picture)


class Pool(list[Item]):
    """Pictures to draw from.

    Sources with a weight have that share of the draws, and the others share what is left by their numbers of
    pictures; where all have one, only their ratio counts. Without any weight all pictures are alike.
    """

    def __init__(self, pictures: Iterable[Item]) -> None:
        super().__init__(pictures)
        self._weights = _weights_of([picture.origin for picture in self])
        self._sums = list(accumulate(self._weights)) if self._weights else None

    def weights(self) -> list[float]:
        """How likely each picture is, in any unit."""
        return self._weights or [1.0] * len(self)

    def draw(self, generator: Generator) -> Item:
        """One of the pictures."""
        if self._sums is None:
            return self[random_below(len(self), generator)]
        uniform = float(torch.rand((), generator=generator, dtype=torch.float64)) * self._sums[-1]
        return self[min(bisect(self._sums, uniform), len(self) - 1)]


def draw_one(pictures: Sequence[Item], generator: Generator) -> Item:
    """One picture by chance; of a pool by its weights."""
    if isinstance(pictures, Pool):
        drawn: Item = pictures.draw(generator)
        return drawn
    return pictures[random_below(len(pictures), generator)]


def random_below(limit: int, generator: Generator) -> int:
    """Random whole number from 0 up to, not including, ``limit``."""
    return int(torch.randint(limit, (), generator=generator))


def _weights_of(origins: Sequence[Origin | None]) -> list[float]:
    """Weight of each image; empty if no source has a weight."""
    counts = Counter(origins)
    weights = {origin: origin.weight for origin in counts if origin and origin.weight is not None}
    if not weights:
        return []
    others = len(origins) - sum(counts[origin] for origin in weights)
    rest = max(0.0, 1 - sum(weights.values())) / max(others, 1)
    return [weights[origin] / counts[origin] if origin in weights else rest for origin in origins]
