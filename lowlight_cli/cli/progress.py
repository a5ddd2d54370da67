"""How far a run has come, on stderr.

In a terminal one tqdm bar is drawn, and messages appear above it; elsewhere a line comes now and then, so
that logs stay short.
"""

import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import typer

from lowlight_cli.inference.report import Row

_LINE_EVERY_S = 30.0
_LINE_EVERY_SHARE = 0.1


class Progress:
    """Tells a person how far a run has come; use it as a context.

    Args:
        total: Pictures to enhance.
        quiet: Whether failures alone are told.
    """

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total = total
        self._quiet = quiet
        self._done = 0
        self._told = (0, time.monotonic())
        self._bar: Any = None

    def __enter__(self) -> "Progress":
        """Draws the bar, in a terminal."""
        if not self._quiet and sys.stderr.isatty():
            from tqdm import tqdm

            # Some terminals claim to have no columns; tqdm would then draw nothing.
            width = None if shutil.get_terminal_size((0, 0)).columns else 80
            self._bar = tqdm(
                total=self._total, unit="img", file=sys.stderr, ncols=width, dynamic_ncols=not width
            )
        return self

    def __exit__(self, *_: object) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()

    def tell(self, row: Row) -> None:
        """Counts an outcome; failures are always printed, warnings unless quiet."""
        if row.status == "failed":
            self._print(f"failed  {shown(row.source)}  {row.code}: {row.message}")
        elif row.warnings and not self._quiet:
            self._print(f"warning  {shown(row.source)}  not kept: {', '.join(row.warnings)}")
        if row.status == "skipped":
            return
        self._done += 1
        if self._bar is not None:
            self._bar.update()
        elif not self._quiet:
            self._line()

    def _line(self) -> None:
        """Prints a line when both a tenth of the run and half a minute have passed."""
        done, moment = self._told
        now = time.monotonic()
        if self._done - done >= _LINE_EVERY_SHARE * self._total and now - moment >= _LINE_EVERY_S:
            self._told = (self._done, now)
            self._print(f"{self._done} of {self._total} ({100 * self._done // self._total} %)")

    def _print(self, text: str) -> None:
        if self._bar is None:
            say(text)
        else:
            self._bar.write(text, file=sys.stderr)


def say(text: str) -> None:
    """Prints a line for a person on stderr."""
    typer.echo(text, err=True)


def shown(path: Path) -> str:
    """A path on one line, safe for any terminal."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
