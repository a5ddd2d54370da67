"""What a run says: words on stderr for a person, events on stdout for other programs."""

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer

from lowlight_cli.cli.events import as_line, end_event, item_event, plan_event, start_event
from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.progress import Progress, progress_kind, say, shown
from lowlight_cli.cli.tables import make_console
from lowlight_cli.inference.plan import Plan
from lowlight_cli.inference.report import Report, Row

_LOG = logging.getLogger(__name__)

PIPE_CLOSED = 141
"""Exit code of a program whose reader went away."""


class Voice:
    """Tells of a run: to a person, or event by event to a program.

    Args:
        settings: Of the global options; with ``quiet``, a person hears of failures alone.
        as_json: Whether events are printed on stdout.
    """

    def __init__(self, settings: GlobalSettings, *, as_json: bool) -> None:
        self._settings = settings
        self._as_json = as_json
        self._where = ""
        self._progress = Progress(0, settings)

    def start(self, count: int, facts: Mapping[str, str | None]) -> None:
        """A run begins.

        Args:
            count: Jobs planned.
            facts: Model, device and so on.
        """
        self._where = " ".join(value for key in ("device", "precision") if (value := facts.get(key)))
        self._event(start_event(count, facts))
        if count and self._where:
            words = f"{count} pictures, {facts['model']} on {self._where}"
            say(words, quiet=progress_kind(self._settings) != "lines")

    @contextmanager
    def progress(self, total: int) -> Iterator[None]:
        """While it lasts, progress is shown.

        Args:
            total: Pictures to make.
        """
        with Progress(total, self._settings) as self._progress:
            yield

    def item(self, row: Row) -> None:
        """A picture came to its end."""
        self._event(item_event(row))
        self._progress.tell(row)
        done = "" if row.target is None else f" -> {shown(row.target)}"
        _LOG.debug("%s %s%s, %.3f s", row.status, shown(row.source), done, row.seconds)

    def end(self, report: Report, exit_code: int) -> None:
        """The run is over.

        Args:
            report: All outcomes.
            exit_code: What the program will end with.
        """
        self._event(end_event(report, exit_code))
        if report.stopped_by is not None:
            done = report.count("ok")
            say(f"Interrupted: {done} done, {report.left} left; run the same command again to continue")
        elif not report.rows:
            text = f"lle: warning: no pictures found, {report.ignored} other files"
            say(text, quiet=self._settings.quiet)
        else:
            show_summary(report, self._where, self._settings)

    def _event(self, event: dict[str, Any]) -> None:
        if self._as_json:
            emit(as_line(event))


def emit(line: str) -> None:
    """Prints a line of the product on stdout.

    Raises:
        typer.Exit: Whoever reads it went away.
    """
    try:
        typer.echo(line)
    except BrokenPipeError:
        # Python flushes stdout once more when it ends, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(PIPE_CLOSED) from None


def show_plan(plan: Plan, *, as_json: bool) -> None:
    """Prints what a run would do.

    Args:
        plan: The jobs.
        as_json: Whether for a program.
    """
    for job in plan.jobs:
        text = f"{'skip' if job.skip else 'make'}  {shown(job.source)} -> {shown(job.target)}"
        emit(as_line(plan_event(job)) if as_json else text)
    skipped = sum(job.skip for job in plan.jobs)
    say(f"{len(plan.jobs) - skipped} to make, {skipped} exist, {len(plan.ignored)} not images")


def show_summary(report: Report, where: str, settings: GlobalSettings) -> None:
    """Prints the totals of a run, coloured in a terminal.

    Args:
        report: All outcomes.
        where: Device and number format.
        settings: Of the global options.
    """
    from rich.text import Text

    speed = report.count("ok") / report.seconds if report.seconds else 0.0
    flow = report.megapixels / report.seconds if report.seconds else 0.0
    parts = [(f"{report.count('ok')} enhanced", "green")]
    parts += [(f"{report.count('skipped')} exist", "")] if report.count("skipped") else []
    parts += [(f"{report.count('failed')} failed", "bold red")] if report.count("failed") else []
    parts += [(f"{report.ignored} not images", "")] if report.ignored else []
    text = Text(", ").join(Text(words, style) for words, style in parts)
    text.append(f"   {duration(report.seconds)} ({speed:.2g} img/s, {flow:.2g} MP/s)  {where}")
    if not settings.quiet:
        make_console(sys.stderr, settings.color).print(text, soft_wrap=True)
    _LOG.info("%s", text.plain, extra={"said": True})


def duration(seconds: float) -> str:
    """A time span for a person: ``0.4 s``, ``12 s``, ``9 m 05 s``, ``2 h 07 m``."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} m {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} m"
