"""Time of work on a device, which goes on after the call that began it has returned."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

_MOST = 200
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Clock:
    """Times work on one device.

    Attributes:
        device: Where the work is done.
        at_least_s: Seconds that a piece of work is repeated for; 0 does it twice and no more.
    """

    device: torch.device
    at_least_s: float

    @property
    def is_cuda(self) -> bool:
        """Whether the device is a GPU."""
        return self.device.type == "cuda"

    def wait(self) -> None:
        """Returns when the device has done all that it was told."""
        if self.is_cuda:
            torch.cuda.synchronize(self.device)

    def seconds(self, work: Callable[[], object]) -> float:
        """Median seconds of a piece of work, after two runs that do not count (one if there is no time)."""
        for _ in range(2 if self.at_least_s else 1):
            work()
        self.wait()
        step_times: list[float] = []
        begin = time.perf_counter()
        while not self._is_enough(len(step_times), time.perf_counter() - begin):
            step_times.append(self._lap(work))
        return statistics.median(step_times)

    @contextmanager
    def peak(self) -> Iterator[Callable[[], int | None]]:
        """Gives a function that says how many bytes of tensors were added at most; None on a CPU."""
        before = 0
        if self.is_cuda:
            torch.cuda.reset_peak_memory_stats(self.device)
            before = torch.cuda.memory_allocated(self.device)
        yield lambda: torch.cuda.max_memory_allocated(self.device) - before if self.is_cuda else None

    def _is_enough(self, count: int, spent: float) -> bool:
        if not self.at_least_s:
            return count >= 1
        return count >= _MOST or (count >= _FEWEST and spent >= self.at_least_s)

    def _lap(self, work: Callable[[], object]) -> float:
        if not self.is_cuda:
            begin = time.perf_counter()
            work()
            return time.perf_counter() - begin
        first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        first.record()
        work()
        last.record()
        last.synchronize()
        return float(first.elapsed_time(last)) / 1e3
