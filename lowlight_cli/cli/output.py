"""What a run says: words on stderr for a person, events on stdout for other programs."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer

from lowlight_cli.cli.events import as_line, end_event, item_event, plan_event, start_event
from lowlight_cli.cli.progress import Progress, say, shown
from lowlight_cli.inference.plan import Plan
from lowlight_cli.inference.report import Report, Row

PIPE_CLOSED = 141
"""Exit code of a program whose reader went away."""


class Voice:
    """Tells of a run: to a person, or event by event to a program.

    Args:
        quiet: Whether a person hears of failures alone.
        as_json: Whether events are printed on stdout.
    """

    def __init__(self, *, quiet: bool, as_json: bool) -> None:
        self._quiet = quiet
        self._as_json = as_json
        self._where = ""
        self._progress = Progress(0, quiet=quiet)

    def start(self, count: int, facts: Mapping[str, str | None]) -> None:
        """A run begins.

        Args:
            count: Jobs planned.
            facts: Model, device and so on.
        """
        self._where = " ".join(value for key in ("device", "precision") if (value := facts.get(key)))
        self._event(start_event(count, facts))
        if count and self._where and not self._quiet and not sys.stderr.isatty():
            say(f"{count} pictures, {facts['model']} on {self._where}")

    @contextmanager
    def progress(self, total: int) -> Iterator[None]:
        """While it lasts, progress is shown.

        Args:
            total: Pictures to make.
        """
        with Progress(total, quiet=self._quiet) as self._progress:
            yield

    def item(self, row: Row) -> None:
        """A picture came to its end."""
        self._event(item_event(row))
        self._progress.tell(row)

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
        elif not self._quiet and not report.rows:
            say(f"lle: warning: no pictures found, {report.ignored} other files")
        elif not self._quiet:
            show_summary(report, self._where)

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


def show_summary(report: Report, where: str) -> None:
    """Prints the totals of a run, coloured in a terminal.

    Args:
        report: All outcomes.
        where: Device and number format.
    """
    from rich.console import Console
    from rich.text import Text

    speed = report.count("ok") / report.seconds if report.seconds else 0.0
    flow = report.megapixels / report.seconds if report.seconds else 0.0
    parts = [(f"{report.count('ok')} enhanced", "green")]
    parts += [(f"{report.count('skipped')} exist", "")] if report.count("skipped") else []
    parts += [(f"{report.count('failed')} failed", "bold red")] if report.count("failed") else []
    parts += [(f"{report.ignored} not images", "")] if report.ignored else []
    text = Text(", ").join(Text(words, style) for words, style in parts)
    text.append(f"   {duration(report.seconds)} ({speed:.2g} img/s, {flow:.2g} MP/s)  {where}")
    Console(stderr=True, highlight=False).print(text, soft_wrap=True)


def duration(seconds: float) -> str:
    """A time span for a person: ``0.4 s``, ``12 s``, ``9 m 05 s``, ``2 h 07 m``."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} m {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} m"
