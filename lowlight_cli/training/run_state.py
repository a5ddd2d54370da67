"""Decides when a training run validates, saves, rolls back and ends, and handles SIGINT and SIGTERM."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, Literal

from lowlight_cli.errors import DivergedError
from lowlight_cli.pipeline.signals import SIGNAL_BASE, Stopped, leave
from lowlight_cli.training.config import RunSettings
from lowlight_cli.training.distributed import largest
from lowlight_cli.training.guard import LEAST

LONGEST_STREAK = 20
"""Consecutive steps with non-finite numbers after which the run ends."""

RECENT = 50
"""Number of recent steps among which skipped steps are counted."""

TOO_MANY = 5
"""Skipped steps among the recent ones at which the run rolls back."""

MOST_ROLLBACKS = 5
"""How often a run may roll back; each rollback halves the learning rate."""

Ending = Literal["done", "limit", "signal", "no improvement", "dry run", "cut"]


class StopRequest:
    """Catches SIGINT and SIGTERM inside ``watched``, in the main thread; in other threads it does nothing.

    Until ``defer`` is called there is nothing to save, and a signal raises ``Stopped`` immediately. A second
    signal ends the program immediately.

    Attributes:
        number: Number of the signal received by this process or by one that trains with it; None if there
            was none.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._has_come = False
        self._is_deferred = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Catches signals inside the ``with`` block."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._take) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def defer(self) -> None:
        """From now on only records a signal; the run checks for it after each step."""
        self._is_deferred = True

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._has_come:
            leave(SIGNAL_BASE + number)
        self._has_come, self.number = True, number
        if not self._is_deferred:
            raise Stopped(number)


class RunState:
    """Progress of a run; can be saved like a model.

    Args:
        settings: Length of the run, and the intervals between validations and checkpoints.
        stop: Received signals.
        clock: Returns seconds.
        dry_run: Whether the run ends after its first step, with a validation.

    Attributes:
        ending: Why the current step is the last one of this start; None if it is not.
        is_best: Whether the last validation was the best so far and is not saved yet.
        counts_scores: Whether scores count for the best weights and for early stopping.
        skipped: Number of skipped steps.
        rollbacks: How often the run rolled back.
        rolled_back_to: The step to take next, if the run rolled back after the current step; else None.
    """

    def __init__(
        self,
        settings: RunSettings,
        stop: StopRequest,
        clock: Callable[[], float] = time.monotonic,
        *,
        dry_run: bool = False,
    ) -> None:
        self.settings = settings
        self.ending: Ending | None = None
        self.is_best = False
        self.counts_scores = True
        self.skipped = 0
        self.rollbacks = 0
        self.rolled_back_to: int | None = None
        self._dry_run = dry_run
        self._stop = stop
        self._clock = clock
        self._started = clock()
        # Of earlier starts, and of all starts up to the last finished step.
        self._seconds_before = self._seconds = 0.0
        self._best: float | None = None
        self._stale = 0
        self._streak = 0
        self._recent: list[bool] = []

    @property
    def _limit(self) -> float:
        """Time limit in seconds."""
        return 60 * (self.settings.limit_minutes or float("inf"))

    @property
    def is_out_of_time(self) -> bool:
        """Whether the time of a schedule by the clock is over."""
        return self.settings.schedule == "clock" and self._seconds >= self._limit

    def is_over(self, done: int) -> bool:
        """Whether no step is left to take after ``done`` steps."""
        return done >= self.settings.steps or self.is_out_of_time

    def length(self, step: int) -> float:
        """Expected number of steps of the whole schedule, for the learning rate at ``step``.

        All processes get the same value, because it is that of the end of the step before.

        Args:
            step: Counted from 0.
        """
        share = min(1.0, self._seconds / self._limit) if self.settings.schedule == "clock" else 0.0
        is_late = step < self.settings.steps * share
        return max(1, step) / share if is_late else float(self.settings.steps)

    def seconds_left(self, done: int, step_seconds: float) -> float:
        """Expected seconds until the last step or the time limit, without validations.

        Args:
            done: Number of steps done.
            step_seconds: Duration of a step.
        """
        if self._dry_run:
            return 0.0
        return max(0.0, min((self.settings.steps - done) * step_seconds, self._limit - self._seconds))

    def finish_step(self, step: int) -> None:
        """Sets ``ending`` if this step is the last one; what ends one process ends all of them.

        Args:
            step: Counted from 0.
        """
        if self.rolled_back_to is not None:
            return
        by_clock = self.settings.schedule == "clock"
        seconds = self._clock() - self._started + (self._seconds_before if by_clock else 0.0)
        number, self._seconds = largest([self._stop.number or 0, seconds])
        if step + 1 >= self.settings.steps:
            self.ending = "done"
        elif number:
            self.ending, self._stop.number = "signal", int(number)
        elif self._dry_run:
            self.ending = "dry run"
        elif self._seconds >= self._limit:
            self.ending = "limit"

    def cut(self) -> None:
        """Ends the run with the current step, without a validation and without saving."""
        self.ending = "cut"

    def validates(self, step: int) -> bool:
        """Whether to validate after this step; not after a signal, which leaves no time for it."""
        if self.ending == "cut" or self.rolled_back_to is not None:
            return False
        return self.ending in ("done", "limit", "dry run") or (step + 1) % self.settings.sample_every == 0

    def saves(self, step: int) -> bool:
        """Whether to write a checkpoint after this step."""
        if self.ending == "cut" or self.rolled_back_to is not None:
            return False
        return self.ending is not None or self.is_best or (step + 1) % self.settings.save_every == 0

    def record_score(self, score: float) -> None:
        """Compares the score of a validation with the best one so far; higher is better, NaN is worst."""
        if not self.counts_scores:
            return
        self.is_best = math.isfinite(score) and (self._best is None or score > self._best)
        if self.is_best:
            self._best, self._stale = score, 0
            return
        self._stale += 1
        if self.ending is None and self._stale >= (self.settings.early_stop or float("inf")):
            self.ending = "no improvement"

    def forget_best(self) -> None:
        """The next score is the best one, as the weights of the best so far are not there."""
        self._best = None

    def count(self, *, failed: bool, spiked: bool = False) -> bool:
        """Counts a step, and returns whether so many were skipped recently that the run has to roll back.

        Args:
            failed: Whether it was skipped because its numbers were not finite.
            spiked: Whether it was skipped because they were far above those of earlier steps.

        Raises:
            DivergedError: Twenty steps in a row were not finite.
        """
        self._streak = self._streak + 1 if failed else 0
        self.skipped += failed or spiked
        self._recent = [*self._recent, failed or spiked][-RECENT:]
        if self._streak >= LONGEST_STREAK:
            raise DivergedError(f"training diverged: {LONGEST_STREAK} steps in a row gave no finite numbers")
        return sum(self._recent) >= TOO_MANY

    @property
    def is_stable(self) -> bool:
        """Whether at least 20 recent steps were taken and none was skipped."""
        return len(self._recent) >= LEAST and not any(self._recent)

    def check_rollbacks(self) -> None:
        """Checks that the run may roll back once more.

        Raises:
            DivergedError: It rolled back too often.
        """
        if self.rollbacks >= MOST_ROLLBACKS:
            raise DivergedError(
                f"training diverged: {TOO_MANY} of {RECENT} steps were skipped again after {MOST_ROLLBACKS} "
                "rollbacks"
            )

    def roll_back(self, step: int) -> None:
        """Makes ``step`` the next one; what was counted recently is dropped."""
        self.rollbacks += 1
        self.rolled_back_to, self._recent = step, []

    def state_dict(self) -> Mapping[str, Any]:
        """Best score and counts."""
        return {
            "best": self._best,
            "stale": self._stale,
            "skipped": self.skipped,
            "streak": self._streak,
            "lately": self._recent,
            "returns": self.rollbacks,
            "seconds": self._seconds,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores a saved state."""
        self._best, self._stale = state["best"], state["stale"]
        self.skipped, self._streak = state["skipped"], state["streak"]
        # The first checkpoints of version 0.1 lack these keys.
        self._recent, self.rollbacks = list(state.get("lately", ())), state.get("returns", 0)
        self._seconds_before = self._seconds = state.get("seconds", 0.0)
