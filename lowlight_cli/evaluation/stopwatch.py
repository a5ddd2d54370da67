"""Measures the time that a method takes per image, after warming up."""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch

from lowlight_cli.accelerators import accelerator_of
from lowlight_cli.evaluation.result import Runtime

_WARMED_SIZES = 3
"""Number of sizes that get a pass for warming up; the first pass of any other size does not count."""


class Stopwatch:
    """Times passes over images of one size.

    Args:
        device: Where the work runs; the clock waits for it before and after each pass.

    Attributes:
        device: Where the work runs.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._seconds: dict[str, list[float]] = {}
        self._seen: Counter[str] = Counter()

    def time(self, work: Callable[[Sequence[Any]], Sequence[Any]], images: Sequence[Any]) -> Sequence[Any]:
        """The result of ``work``, which is timed; a pass that raises leaves nothing behind.

        Args:
            work: What to time.
            images: Pixels of one size, (h, w, 3) each.
        """
        height, width = images[0].shape[:2]
        size = f"{width}x{height}"
        is_new = size not in self._seen
        warmed = is_new and len(self._seen) < _WARMED_SIZES
        if warmed:
            work(images)
        self._wait()
        start = time.perf_counter()
        results = work(images)
        self._wait()
        share = (time.perf_counter() - start) / len(images)
        self._seen[size] += len(images)
        if warmed or not is_new:
            self._seconds.setdefault(size, []).extend([share] * len(images))
        return results

    def runtime(self) -> Runtime | None:
        """Median times; None if nothing was timed."""
        every = [seconds for times in self._seconds.values() for seconds in times]
        if not every:
            return None
        sizes = sorted(self._seconds, key=lambda size: -self._seen[size])
        by_size = {size: 1000 * statistics.median(self._seconds[size]) for size in sizes}
        return Runtime(1000 * statistics.median(every), len(every), by_size)

    def _wait(self) -> None:
        if accelerator := accelerator_of(self.device):
            accelerator.synchronize(self.device)
