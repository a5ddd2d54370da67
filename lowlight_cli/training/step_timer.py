"""How fast a run goes: seconds of each step, the part of them spent waiting for data, and memory."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch


class StepTime(NamedTuple):
    """One step: its seconds, and those of them that were spent waiting for data."""

    seconds: float
    waited: float


class StepStats(NamedTuple):
    """A step that was just taken, for who watches the run.

    Attributes:
        step: Steps done.
        steps: Steps of the whole schedule.
        loss: Of the step's last part; on a GPU that of some steps before, and not a number until then.
        pictures: In the step's batch.
        seconds: That the step took.
        waited: Seconds of them spent waiting for data.
        memory_mb: Most memory so far, where it is known.
        score: Name and value of what the last validation was judged by.
    """

    step: int
    steps: int
    loss: float
    pictures: int
    seconds: float
    waited: float
    memory_mb: float | None
    score: tuple[str, float] | None


class StepTimer:
    """Takes the time of steps; what lies between ``rest`` and the next step counts for none.

    A recipe wraps what brings its data in ``waiting``; ``RunFolder`` does the rest.
    """

    def __init__(self) -> None:
        self._laps: list[StepTime] = []
        self._waited = 0.0
        self._begin = time.perf_counter()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While it lasts, the step waits for data."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self._waited += time.perf_counter() - begin

    def end_step(self) -> StepTime:
        """Ends a step and begins the next."""
        now = time.perf_counter()
        lap = StepTime(now - self._begin, self._waited)
        self._laps.append(lap)
        self._begin, self._waited = now, 0.0
        return lap

    def restart(self) -> None:
        """Begins the next step now: what came before it, such as a validation, was none."""
        self._begin, self._waited = time.perf_counter(), 0.0

    def summary(self, batch_size: int) -> dict[str, float]:
        """Pictures per second and share of waiting over the steps since the last call; empty without any.

        Args:
            batch_size: Pictures of a step.
        """
        step_times, self._laps = self._laps, []
        seconds = sum(lap.seconds for lap in step_times)
        if not seconds:
            return {}
        waited = sum(lap.waited for lap in step_times)
        return {"images_per_second": batch_size * len(step_times) / seconds, "data_wait": waited / seconds}


def peak_memory_mb(device: torch.device) -> float | None:
    """Most memory so far in MiB: of a GPU what PyTorch had in use, else what the process had.

    None where the system does not tell.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:  # Windows
        return None
    peak = getrusage(RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
