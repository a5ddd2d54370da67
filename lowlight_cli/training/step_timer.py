"""Measures the duration of steps, the time spent waiting for data, and peak memory."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class StepTime(NamedTuple):
    """Seconds of a step, and how many of them were spent waiting for data."""

    seconds: float
    waited: float


class StepStats(NamedTuple):
    """Figures of a finished step.

    Attributes:
        step: Number of steps done.
        steps: Steps of the whole schedule.
        loss: Loss of the last part of the batch; on a GPU that of some steps earlier, and NaN at first.
        batch_size: Images in the batch.
        seconds: Duration of the step.
        waited: Seconds of it spent waiting for data.
        memory_mb: Peak memory so far in MiB; None if not known.
        score: Name and value of the score of the last validation; None before the first.
        rate: Learning rate; None if not known.
    """

    step: int
    steps: int
    loss: float
    batch_size: int
    seconds: float
    waited: float
    memory_mb: float | None
    score: tuple[str, float] | None
    rate: float | None = None


class StepTimer:
    """Measures the steps of a run, without the validations and checkpoints between them.

    A recipe reads its batches inside ``waiting``; ``RunFolder`` calls the other methods.

    Attributes:
        step_seconds: Mean duration of the steps before the last call of ``summary``.
    """

    def __init__(self) -> None:
        self._times: list[StepTime] = []
        self._waited = 0.0
        self._begin = time.perf_counter()
        self.step_seconds = 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Counts the time inside the ``with`` block as waiting for data."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self._waited += time.perf_counter() - begin

    def end_step(self) -> StepTime:
        """Ends a step, returns its duration, and starts the next one."""
        now = time.perf_counter()
        time_of_step = StepTime(now - self._begin, self._waited)
        self._times.append(time_of_step)
        self._begin, self._waited = now, 0.0
        return time_of_step

    def restart(self) -> None:
        """Starts the next step now; the time since the last one is not counted."""
        self._begin, self._waited = time.perf_counter(), 0.0

    def summary(self, batch_size: int) -> dict[str, float]:
        """Images per second and share of waiting over the steps since the last call; empty without steps.

        Args:
            batch_size: Images per step.
        """
        step_times, self._times = self._times, []
        seconds = sum(each.seconds for each in step_times)
        if not seconds:
            return {}
        self.step_seconds = seconds / len(step_times)
        waited = sum(each.waited for each in step_times)
        return {"images_per_second": batch_size * len(step_times) / seconds, "data_wait": waited / seconds}
