"""How long a method takes for a picture: warmed up, waited for, and the median told."""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch

from lowlight_cli.evaluation.result import Runtime

_WARMED_SIZES = 3
"""Sizes for which a pass is spent on warming up; of any other the first pass does not count."""


class Stopwatch:
    """Times passes over pictures of one size each.

    Args:
        device: Is waited for before and after each pass.

    Attributes:
        device: The same.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._seconds: dict[str, list[float]] = {}
        self._seen: Counter[str] = Counter()

    def time(self, work: Callable[[Sequence[Any]], Sequence[Any]], pictures: Sequence[Any]) -> Sequence[Any]:
        """Does ``work`` on pictures, and remembers how long it took.

        Args:
            work: What to time.
            pictures: Pixels of one size, rows first.
        """
        height, width = pictures[0].shape[:2]
        size = f"{width}x{height}"
        is_new = size not in self._seen
        warmed = is_new and len(self._seen) < _WARMED_SIZES
        self._seen[size] += len(pictures)
        if warmed:
            work(pictures)
        self._wait()
        start = time.perf_counter()
        results = work(pictures)
        self._wait()
        share = (time.perf_counter() - start) / len(pictures)
        if warmed or not is_new:
            self._seconds.setdefault(size, []).extend([share] * len(pictures))
        return results

    def runtime(self) -> Runtime | None:
        """What was measured; None where nothing was."""
        every = [seconds for times in self._seconds.values() for seconds in times]
        if not every:
            return None
        sizes = sorted(self._seconds, key=lambda size: -self._seen[size])
        by_size = {size: 1000 * statistics.median(self._seconds[size]) for size in sizes}
        return Runtime(1000 * statistics.median(every), len(every), by_size)

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
