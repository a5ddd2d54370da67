"""How far a training run has come, on stderr: one line that is drawn again in a terminal, lines elsewhere."""

import shutil
import sys
from typing import TYPE_CHECKING

from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.progress import progress_kind, say

if TYPE_CHECKING:
    from tqdm import tqdm

    from lowlight_cli.training.step_timer import StepStats


_USUAL_COLUMNS = 80
_SMOOTHING = 0.9
"""Share of the past in the shown speed."""


class TrainingProgress:
    """Tells a person how a run goes; use it as a context.

    Args:
        settings: Whether success is silent, and the kind of progress asked for.
    """

    def __init__(self, settings: GlobalSettings) -> None:
        self._settings = settings
        self._kind = progress_kind(settings)
        self._bar: tqdm[None] | None = None
        self._seconds = self._waited = 0.0

    def __enter__(self) -> "TrainingProgress":
        """Nothing is drawn before the first step."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leaves the last state of the line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def say(self, line: str) -> None:
        """Prints a line of the run, above what is drawn; numbers of steps are in the drawn line already."""
        is_number = line.startswith("step ")
        if self._bar is None:
            say(line, quiet=self._settings.quiet or (is_number and self._kind == "none"))
        elif not is_number:
            self._bar.clear()
            say(line)
            self._bar.refresh()

    def watch(self, moment: "StepStats") -> None:
        """Draws a step that was taken."""
        if self._kind != "bar":
            return
        if self._bar is None:
            self._bar = _drawn(moment)
        self._seconds = _blend(self._seconds, moment.seconds)
        self._waited = _blend(self._waited, moment.waited)
        self._bar.set_postfix_str(_words(moment, self._seconds, self._waited), refresh=False)
        self._bar.update()


def _drawn(moment: "StepStats") -> "tqdm[None]":
    from tqdm import tqdm

    # A terminal that knows no size would hide the line.
    columns = shutil.get_terminal_size((0, 0)).columns or _USUAL_COLUMNS
    return tqdm(
        total=moment.steps, initial=moment.step - 1, file=sys.stderr, ncols=columns, unit="step",
        bar_format="{n_fmt}/{total_fmt} {percentage:3.0f}% {bar:10} {remaining}{postfix}",
    )  # fmt: skip


def _words(moment: "StepStats", seconds: float, waited: float) -> str:
    words = [f"loss {moment.loss:.4g}"]
    if moment.score is not None:
        name, value = moment.score
        words.append(f"{name} {value:.2f}")
    words.append(f"{moment.pictures / max(seconds, 1e-9):.3g} img/s")
    words.append(f"data {100 * waited / max(seconds, 1e-9):.0f} %")
    if moment.memory_mb is not None:
        words.append(f"{moment.memory_mb:,.0f} MB")
    return "  ".join(words)


def _blend(before: float, now: float) -> float:
    return _SMOOTHING * before + (1 - _SMOOTHING) * now if before else now
