"""Shows the progress of a training run on stderr: a bar in a terminal, lines elsewhere."""

import shutil
from typing import TYPE_CHECKING

from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.progress import draw_bar, progress_kind, say

if TYPE_CHECKING:
    from tqdm import tqdm

    from lowlight_cli.training.step_timer import StepStats

_USUAL_COLUMNS = 80

_MUCH_WAITING = 0.1
"""Share of the time spent waiting for data from which it is shown."""

_SMOOTHING = 0.9
"""Decay of the running mean of the shown speed."""


class TrainingProgress:
    """Shows the progress of a training run; use it as a context.

    Args:
        settings: Quiet mode and the kind of progress.
    """

    def __init__(self, settings: GlobalSettings) -> None:
        self._settings = settings
        self._kind = progress_kind(settings)
        self._bar: tqdm[None] | None = None
        self._seconds = self._waited = 0.0

    def __enter__(self) -> "TrainingProgress":
        """Draws nothing before the first step."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leaves the bar as it was after the last step."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def say(self, line: str) -> None:
        """Prints a message of the run; lines about steps only where there is no bar."""
        is_step = line.startswith("step ")
        if self._bar is None:
            say(line, quiet=self._settings.quiet or (is_step and self._kind == "none"))
        elif not is_step:
            say(line)

    def draw(self, stats: "StepStats") -> None:
        """Draws the bar after a step."""
        if self._kind != "bar":
            return
        if self._bar is None:
            self._bar = draw_bar(stats.steps, stats.step - 1)
        self._seconds = _blend(self._seconds, stats.seconds)
        self._waited = _blend(self._waited, stats.waited)
        self._bar.set_postfix_str(_figures(stats, self._seconds, self._waited), refresh=False)
        self._bar.update()


def _figures(stats: "StepStats", seconds: float, waited: float) -> str:
    """The figures beside the bar, the most important ones first, as many as fit."""
    words = [f"loss {stats.loss:.4g}"]
    if stats.score is not None:
        name, value = stats.score
        words.append(f"{name} {value:.2f}")
    words.append(f"{stats.batch_size / max(seconds, 1e-9):.3g} img/s")
    if waited >= _MUCH_WAITING * seconds:
        words.append(f"data {100 * waited / max(seconds, 1e-9):.0f} %")
    if stats.rate is not None:
        words.append(f"lr {stats.rate:.2g}")
    if stats.memory_mb is not None:
        words.append(f"{stats.memory_mb:,.0f} MB")
    columns = shutil.get_terminal_size((0, 0)).columns or _USUAL_COLUMNS
    room = columns - len(f"{stats.steps}/{stats.steps} 100% {' ' * 10} 00:00:00, ")
    while len(words) > 1 and len("  ".join(words)) > room:
        words.pop()
    return "  ".join(words)


def _blend(before: float, now: float) -> float:
    return _SMOOTHING * before + (1 - _SMOOTHING) * now if before else now
