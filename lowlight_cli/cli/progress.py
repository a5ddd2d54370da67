"""Progress on stderr: in a terminal a bar with messages above it, elsewhere a line now and then."""

import os
import re
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.errors import printable
from lowlight_cli.images.warnings import explain
from lowlight_cli.pipeline.report import Row

if TYPE_CHECKING:
    from tqdm import tqdm

LogFields = dict[str, str | float]
"""Fields of a log record, by name."""

_LINE_EVERY_S = 30.0
_LINE_EVERY_SHARE = 0.1
_USUAL_COLUMNS, _USUAL_LINES = 80, 24
_BAR = "{n_fmt}/{total_fmt} {percentage:3.0f}% {bar:10} {remaining}{postfix}"
_BAR_CELLS = len("/ 100% 1234567890 0:00:00,   ")
"""Cells of the bar without its counts and what stands after the comma."""
_LEAST_NAME = 12
"""Cells without which no name is shown."""


class StatusLine:
    """Says in a terminal what is waited for, until something else is shown; elsewhere it says nothing.

    Args:
        settings: Quiet mode and the kind of progress.
    """

    def __init__(self, settings: GlobalSettings) -> None:
        self._is_shown = progress_kind(settings) == "bar"
        self._line: tqdm[None] | None = None

    def show(self, text: str) -> None:
        """Shows a text; messages are printed above it."""
        self.clear()
        if self._is_shown:
            self._line = draw_bar(1, bar_format=text)

    def clear(self) -> None:
        """Erases the text."""
        if self._line is not None:
            self._line.leave = False
            self._line.close()
            self._line = None


class Progress:
    """Shows the progress of a run over images; use it as a context.

    Args:
        total: Images to enhance.
        settings: Quiet mode and the kind of progress.
    """

    def __init__(self, total: int, settings: GlobalSettings) -> None:
        self._total = total
        self._settings = settings
        self._kind = progress_kind(settings)
        self._done = self._made = self._failed = 0
        self._megapixels = 0.0
        self._name = ""
        self._begin = time.monotonic()
        self._last_line = (0, self._begin)
        self._bar: tqdm[None] | None = None

    def __enter__(self) -> "Progress":
        """Draws the bar, in a terminal."""
        self._begin = time.monotonic()
        self._last_line = (0, self._begin)
        if self._kind == "bar":
            self._bar = draw_bar(self._total)
        return self

    def __exit__(self, *_: object) -> None:
        """Removes the bar."""
        if self._bar is not None:
            self._bar.leave = False
            self._bar.close()
            self._bar = None

    def show(self, row: Row) -> None:
        """Counts a finished image; failures are always printed, warnings unless quiet."""
        if row.status == "failed":
            self._failed += 1
            words = f"failed  {shown(row.source)}  {row.code}: {shown(row.message)}"
            say(words, error=True, fields=log_fields(row))
        elif row.status == "conflict":
            words = f"conflict  {shown(row.source)}  {shown(row.message)}"
            say(words, error=True, fields=log_fields(row))
        elif row.warnings:
            words = "; ".join(explain(code) for code in row.warnings)
            say(f"warning  {shown(row.source)}  {words}", quiet=self._settings.quiet)
        if row.status in ("skipped", "conflict"):
            return
        self._done += 1
        self._made += row.status == "ok"
        self._megapixels += row.width * row.height / 1e6
        if self._bar is not None:
            self._redraw(self._bar, 1)
        elif self._kind == "lines":
            self._line()

    def working(self, source: Path) -> None:
        """Shows the name of the image that the model works on, where there is room for it."""
        self._name = shown(source.name)
        if self._bar is not None:
            self._redraw(self._bar, 0)
            self._bar.refresh()

    def _redraw(self, bar: "tqdm[None]", more: int) -> None:
        seconds = time.monotonic() - self._begin
        words = [rate(self._made, self._megapixels, seconds)] if self._made else []
        words += [f"{self._failed} failed"] if self._failed else []
        text = "  ".join(words)
        room = (bar.ncols or _USUAL_COLUMNS) - len(f"{self._total}") * 2 - _BAR_CELLS - len(text)
        if self._name and room >= _LEAST_NAME:
            text = f"{text}  {_shortened(self._name, room)}".strip()
        bar.set_postfix_str(text, refresh=False)
        bar.update(more)

    def _line(self) -> None:
        """Prints a line once a tenth of the run and half a minute have passed."""
        done, moment = self._last_line
        now = time.monotonic()
        if self._done - done >= _LINE_EVERY_SHARE * self._total and now - moment >= _LINE_EVERY_S:
            self._last_line = (self._done, now)
            failures = f", {self._failed} failed" if self._failed else ""
            say(f"{self._done} of {self._total} ({100 * self._done // self._total} %){failures}")


def rate(images: int, megapixels: float, seconds: float) -> str:
    """How fast images were made: ``2.4 img/s, 28 MP/s``.

    Args:
        images: How many.
        megapixels: Million pixels of all of them.
        seconds: Wall time.
    """
    seconds = max(seconds, 0.001)
    return f"{images / seconds:.2g} img/s, {megapixels / seconds:.2g} MP/s"


def _shortened(name: str, room: int) -> str:
    # Not needed without a bar, and rich takes time to import.
    from lowlight_cli.cli.table_layout import shorten

    return shorten(name, room, "..." if (sys.stderr.encoding or "").lower() == "ascii" else "…")


def progress_kind(settings: GlobalSettings) -> str:
    """How progress is shown: ``bar``, ``lines`` or ``none``.

    Args:
        settings: Global options; ``auto`` draws a bar if stderr is a terminal.
    """
    if settings.quiet:
        return "none"
    if settings.progress != "auto":
        return settings.progress
    return "bar" if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else "lines"


def draw_bar(total: int, done: int = 0, bar_format: str = _BAR) -> "tqdm[None]":
    """The progress bar of all commands, on stderr.

    Args:
        total: Steps or images in all.
        done: How many are done already.
        bar_format: What is drawn, in the words of tqdm.
    """
    from tqdm import tqdm

    # A terminal without a known size would hide the bar.
    size = shutil.get_terminal_size((0, 0))
    return tqdm(
        total=total, initial=done, file=sys.stderr,
        ncols=size.columns or _USUAL_COLUMNS, nrows=size.lines or _USUAL_LINES,
        bar_format=bar_format,
    )  # fmt: skip


def say(text: str, *, error: bool = False, quiet: bool = False, fields: LogFields | None = None) -> None:
    """Prints a line on stderr, and logs it.

    Args:
        text: The line.
        error: Whether it is logged as an error.
        quiet: Whether it is only logged.
        fields: What a log of JSON has beside the message.
    """
    import logging

    if not quiet:
        print_above_bar(text)
    logger = logging.getLogger("lowlight_cli")
    if logger.hasHandlers():
        is_warning = text.startswith(("warning", "lle: warning"))
        level = logging.ERROR if error else logging.WARNING if is_warning else logging.INFO
        logger.log(level, "%s", text, extra={"said": True, "fields": fields or {}})


def log_fields(row: Row) -> LogFields:
    """What a log of JSON has about a finished image, named as in the events of ``--json``."""
    paths = {"in": os.fsdecode(row.source)} | ({"out": os.fsdecode(row.target)} if row.target else {})
    code = {"code": row.code} if row.code else {}
    return {"event": "item", **paths, "status": row.status, **code, "seconds": round(row.seconds, 4)}


def print_above_bar(text: str) -> None:
    """Prints a line on stderr, above a progress bar if one is drawn."""
    if "tqdm" not in sys.modules:
        print(text, file=sys.stderr, flush=True)
        return
    from tqdm import tqdm

    with tqdm.external_write_mode(file=sys.stderr):
        print(text, file=sys.stderr, flush=True)


def shown(words: Path | str) -> str:
    """A path, or a message that may name some, on one line and safe for any terminal; see ``short_paths``.

    It is for people: what a program reads, or a shell, needs the path itself.
    """
    return short_paths(printable(words))


def short_paths(text: str) -> str:
    """A message with paths relative to the current folder, or with ``~`` for the home folder.

    Args:
        text: Printable text of any number of lines.
    """
    for find, short in ((Path.cwd, ""), (Path.home, f"~{os.sep}")):
        with suppress(OSError, RuntimeError):  # the folder was removed, or there is no home
            folder = printable(find())
            if len(folder) > 1:
                path = rf"(?<![\w/\\.~-]){re.escape(folder + os.sep)}(?=[^\s'])"
                text = re.sub(path, short.replace("\\", "\\\\"), text)
    return text
