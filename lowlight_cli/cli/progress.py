"""How far a run has come, on stderr.

In a terminal one bar is drawn, and messages appear above it; elsewhere a line comes now and then, so
that logs stay short.
"""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.images.warnings import explain
from lowlight_cli.pipeline.report import Row

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

_LINE_EVERY_S = 30.0
_LINE_EVERY_SHARE = 0.1


class Progress:
    """Tells a person how far a run has come; use it as a context.

    Args:
        total: Pictures to enhance.
        settings: Whether success is silent, and the kind of progress asked for.
    """

    def __init__(self, total: int, settings: GlobalSettings) -> None:
        self._total = total
        self._settings = settings
        self._kind = progress_kind(settings)
        self._done = self._failed = 0
        self._megapixels = 0.0
        self._begin = time.monotonic()
        self._told = (0, self._begin)
        self._bar: Bar | None = None

    def __enter__(self) -> "Progress":
        """Draws the bar, in a terminal."""
        self._begin = time.monotonic()
        self._told = (0, self._begin)
        if self._kind == "bar":
            self._bar = _bar(self._settings)
            self._bar.add_task("", total=self._total, flow="", failures="")
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def tell(self, row: Row) -> None:
        """Counts an outcome; failures are always printed, warnings unless quiet."""
        if row.status == "failed":
            self._failed += 1
            say(f"failed  {shown(row.source)}  {row.code}: {shown(row.message)}", error=True)
        elif row.status == "conflict":
            say(f"conflict  {shown(row.source)}  {shown(row.message)}", error=True)
        elif row.warnings:
            words = "; ".join(explain(code) for code in row.warnings)
            say(f"warning  {shown(row.source)}  {words}", quiet=self._settings.quiet)
        if row.status in ("skipped", "conflict"):
            return
        self._done += 1
        self._megapixels += row.width * row.height / 1e6
        if self._bar is not None:
            self._redraw(self._bar)
        elif self._kind == "lines":
            self._line()

    def _redraw(self, bar: "Bar") -> None:
        flow = self._megapixels / max(time.monotonic() - self._begin, 0.001)
        failures = f"{self._failed} failed" if self._failed else ""
        bar.update(bar.task_ids[0], completed=self._done, flow=f"{flow:.2g} MP/s", failures=failures)

    def _line(self) -> None:
        """Prints a line when both a tenth of the run and half a minute have passed."""
        done, moment = self._told
        now = time.monotonic()
        if self._done - done >= _LINE_EVERY_SHARE * self._total and now - moment >= _LINE_EVERY_S:
            self._told = (self._done, now)
            failures = f", {self._failed} failed" if self._failed else ""
            say(f"{self._done} of {self._total} ({100 * self._done // self._total} %){failures}")


def progress_kind(settings: GlobalSettings) -> str:
    """How progress is shown: ``bar``, ``lines`` or ``none``.

    Args:
        settings: What was asked for; ``auto`` goes by stderr.
    """
    if settings.quiet:
        return "none"
    if settings.progress != "auto":
        return settings.progress
    return "bar" if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else "lines"


def _bar(settings: GlobalSettings) -> "Bar":
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from lowlight_cli.cli.tables import make_console

    return Bar(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[flow]}"),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        TextColumn("{task.fields[failures]}", style="bold red"),
        console=make_console(sys.stderr, settings.color, terminal=True),
        transient=True,
        refresh_per_second=4,
        redirect_stdout=False,  # the product; what goes to stderr meanwhile appears above the bar
    )


def say(text: str, *, error: bool = False, quiet: bool = False) -> None:
    """Prints a line for a person on stderr, and logs it.

    Args:
        text: The line.
        error: Whether it tells a failure, for the log.
        quiet: Whether it is only logged.
    """
    import logging

    if not quiet:
        print(text, file=sys.stderr, flush=True)
    logger = logging.getLogger("lowlight_cli")
    if logger.hasHandlers():
        logger.log(logging.ERROR if error else logging.INFO, "%s", text, extra={"said": True})


def shown(words: Path | str) -> str:
    """A path, or a message that may name one, on one line and safe for any terminal."""
    text = os.fsencode(words).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
