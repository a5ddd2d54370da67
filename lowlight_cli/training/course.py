"""The course of a run: when it validates and saves, what its best was, and why it ends."""

import time
from collections.abc import Mapping
from typing import Any, Literal

from lowlight_cli.errors import DivergedError
from lowlight_cli.training.config import RunSettings
from lowlight_cli.training.processes import largest
from lowlight_cli.training.stopping import StopRequest

LONGEST_STREAK = 10
"""Steps in a row that may be left out because numbers were not finite."""

Ending = Literal["done", "limit", "signal", "no improvement", "cut"]


class Course:
    """What a run knows of its own way; can be saved like a model.

    Args:
        settings: Length of the run, and how often things are done.
        stop: Tells whether a signal came.

    Attributes:
        ending: Why the step at hand is the last of this start; None while it is not.
        is_best: Whether the last validation was the best so far, and is not saved yet.
        skipped: Steps left out in all.
    """

    def __init__(self, settings: RunSettings, stop: StopRequest) -> None:
        self.settings = settings
        self.ending: Ending | None = None
        self.is_best = False
        self.skipped = 0
        self._stop = stop
        self._started = time.monotonic()
        self._best: float | None = None
        self._stale = 0
        self._streak = 0

    def reach(self, step: int) -> None:
        """Looks whether the step at hand, counted from 0, is the last; what ends one process ends all."""
        limit = 60 * (self.settings.limit_minutes or float("inf"))
        signal, late = largest([self._stop.number or 0, time.monotonic() - self._started >= limit])
        if step + 1 >= self.settings.steps:
            self.ending = "done"
        elif signal:
            self.ending, self._stop.number = "signal", int(signal)
        elif late:
            self.ending = "limit"

    def cut(self) -> None:
        """Makes the step at hand the last, after which nothing is looked at and nothing kept."""
        self.ending = "cut"

    def validates(self, step: int) -> bool:
        """Whether held-out pictures are looked at after this step; a signal leaves no time for it."""
        if self.ending == "cut":
            return False
        return self.ending in ("done", "limit") or (step + 1) % self.settings.sample_every == 0

    def saves(self, step: int) -> bool:
        """Whether the state is written after this step."""
        if self.ending == "cut":
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

    def count(self, *, failed: bool) -> None:
        """Counts a step that was left out because its numbers were not finite.

        Raises:
            DivergedError: It is the tenth in a row.
        """
        self._streak = self._streak + 1 if failed else 0
        self.skipped += failed
        if self._streak >= LONGEST_STREAK:
            raise DivergedError(f"training diverged: {LONGEST_STREAK} steps in a row gave no finite numbers")

    def state_dict(self) -> Mapping[str, Any]:
        """Best score, and what was counted."""
        return {"best": self._best, "stale": self._stale, "skipped": self.skipped, "streak": self._streak}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from saved counts."""
        self._best, self._stale = state["best"], state["stale"]
        self.skipped, self._streak = state["skipped"], state["streak"]
