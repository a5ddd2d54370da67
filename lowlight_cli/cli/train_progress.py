"""How far a training run has come, on stderr: one line that is drawn again in a terminal, lines elsewhere."""

from typing import TYPE_CHECKING

from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.progress import draw_bar, progress_kind, say

if TYPE_CHECKING:
    from tqdm import tqdm

    from lowlight_cli.training.step_timer import StepStats


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
            say(line)

    def watch(self, moment: "StepStats") -> None:
        """Draws a step that was taken."""
        if self._kind != "bar":
            return
        if self._bar is None:
            self._bar = draw_bar(moment.steps, moment.step - 1)
        self._seconds = _blend(self._seconds, moment.seconds)
        self._waited = _blend(self._waited, moment.waited)
        self._bar.set_postfix_str(_words(moment, self._seconds, self._waited), refresh=False)
        self._bar.update()


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
