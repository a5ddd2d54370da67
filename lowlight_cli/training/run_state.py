"""The course of a run: when it validates and saves, what its best was, and why it ends."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from lowlight_cli.errors import DivergedError
from lowlight_cli.training.config import RunSettings
from lowlight_cli.training.distributed import largest
from lowlight_cli.training.guard import LEAST
from lowlight_cli.training.stopping import StopRequest

LONGEST_STREAK = 20
"""Steps in a row that may be left out because numbers were not finite."""

LATELY = 50
"""Steps over which those that were left out are counted."""

TOO_MANY = 5
"""Steps left out of so many: the run goes back."""

MOST_RETURNS = 5
"""Times that a run may go back, each time to half the rate."""

Ending = Literal["done", "limit", "signal", "no improvement", "cut"]


class RunState:
    """What a run knows of its own way; can be saved like a model.

    Args:
        settings: Length of the run, and how often things are done.
        stop: Tells whether a signal came.
        clock: Seconds since some moment.

    Attributes:
        ending: Why the step at hand is the last of this start; None while it is not.
        is_best: Whether the last validation was the best so far, and is not saved yet.
        skipped: Steps left out in all.
        returns: How often the run went back to an earlier state.
        went_back_to: The step that comes next, if the step at hand is one after which the run went back.
    """

    def __init__(
        self, settings: RunSettings, stop: StopRequest, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = settings
        self.ending: Ending | None = None
        self.is_best = False
        self.skipped = 0
        self.returns = 0
        self.went_back_to: int | None = None
        self._stop = stop
        self._clock = clock
        self._started = clock()
        # Of earlier starts, and of all of them up to the last step that was looked at.
        self._seconds_before = self._seconds = 0.0
        self._best: float | None = None
        self._stale = 0
        self._streak = 0
        self._lately: list[bool] = []

    @property
    def _limit(self) -> float:
        """Seconds."""
        return 60 * (self.settings.limit_minutes or float("inf"))

    @property
    def is_spent(self) -> bool:
        """Whether a schedule by the clock has come to its end."""
        return self.settings.schedule == "clock" and self._seconds >= self._limit

    def length(self, step: int) -> float:
        """Steps of the whole schedule, for the rate at a step; by the clock as far as it can be foreseen.

        All processes have the same, as it is that of the end of the step before.

        Args:
            step: Counted from 0.
        """
        share = min(1.0, self._seconds / self._limit) if self.settings.schedule == "clock" else 0.0
        is_late = step < self.settings.steps * share
        return max(1, step) / share if is_late else float(self.settings.steps)

    def reach(self, step: int) -> None:
        """Looks whether the step at hand, counted from 0, is the last; what ends one process ends all."""
        if self.went_back_to is not None:
            return
        by_clock = self.settings.schedule == "clock"
        seconds = self._clock() - self._started + (self._seconds_before if by_clock else 0.0)
        signal, self._seconds = largest([self._stop.number or 0, seconds])
        if step + 1 >= self.settings.steps:
            self.ending = "done"
        elif signal:
            self.ending, self._stop.number = "signal", int(signal)
        elif self._seconds >= self._limit:
            self.ending = "limit"

    def cut(self) -> None:
        """Makes the step at hand the last, after which nothing is looked at and nothing kept."""
        self.ending = "cut"

    def validates(self, step: int) -> bool:
        """Whether held-out pictures are looked at after this step; a signal leaves no time for it."""
        if self.ending == "cut" or self.went_back_to is not None:
            return False
        return self.ending in ("done", "limit") or (step + 1) % self.settings.sample_every == 0

    def saves(self, step: int) -> bool:
        """Whether the state is written after this step."""
        if self.ending == "cut" or self.went_back_to is not None:
            return False
        return self.ending is not None or self.is_best or (step + 1) % self.settings.save_every == 0

    def judge(self, score: float) -> None:
        """Compares a validation with the best before; a higher score is better."""
        self.is_best = self._best is None or score > self._best
        if self.is_best:
            self._best, self._stale = score, 0
            return
        self._stale += 1
        if self.ending is None and self._stale >= (self.settings.early_stop or float("inf")):
            self.ending = "no improvement"

    def count(self, *, failed: bool, spiked: bool = False) -> bool:
        """Counts a step, and says whether so many were left out lately that the run should go back.

        Args:
            failed: Whether it was left out because its numbers were not finite.
            spiked: Whether it was left out because they were far above those before.

        Raises:
            DivergedError: Twenty in a row were not finite.
        """
        self._streak = self._streak + 1 if failed else 0
        self.skipped += failed or spiked
        self._lately = [*self._lately, failed or spiked][-LATELY:]
        if self._streak >= LONGEST_STREAK:
            raise DivergedError(f"training diverged: {LONGEST_STREAK} steps in a row gave no finite numbers")
        return sum(self._lately) >= TOO_MANY

    @property
    def is_calm(self) -> bool:
        """Whether enough steps were taken lately, and none left out, for their state to be a good one."""
        return len(self._lately) >= LEAST and not any(self._lately)

    def check_returns(self) -> None:
        """Looks whether the run may go back once more.

        Raises:
            DivergedError: It went back too often.
        """
        if self.returns >= MOST_RETURNS:
            raise DivergedError(
                f"training diverged: {TOO_MANY} of {LATELY} steps had to be left out again after going back "
                f"{MOST_RETURNS} times"
            )

    def go_back(self, step: int) -> None:
        """Lets the run go on from an earlier step, of which nothing counts that came after it."""
        self.returns += 1
        self.went_back_to, self._lately = step, []

    def state_dict(self) -> Mapping[str, Any]:
        """Best score, and what was counted."""
        return {
            "best": self._best,
            "stale": self._stale,
            "skipped": self.skipped,
            "streak": self._streak,
            "lately": self._lately,
            "returns": self.returns,
            "seconds": self._seconds,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from saved counts."""
        self._best, self._stale = state["best"], state["stale"]
        self.skipped, self._streak = state["skipped"], state["streak"]
        # Earlier runs did not count these.
        self._lately, self.returns = list(state.get("lately", ())), state.get("returns", 0)
        self._seconds_before = self._seconds = state.get("seconds", 0.0)
