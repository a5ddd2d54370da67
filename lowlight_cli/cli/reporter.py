"""Reports a run: messages on stderr, and events or paths on stdout for other programs."""

import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from lowlight_cli.cli.crash_log import CrashReporter
from lowlight_cli.cli.events import as_line, end_event, item_event, start_event
from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.progress import Progress, StatusLine, log_fields, progress_kind, rate, say, shown
from lowlight_cli.cli.tables import make_console
from lowlight_cli.counted import counted
from lowlight_cli.pipeline.control_support import ControlHandler, describe_handlers
from lowlight_cli.pipeline.observer import Observer
from lowlight_cli.pipeline.plan import Plan
from lowlight_cli.pipeline.report import Report, Row
from lowlight_cli.pipeline.resume import BRIGHT, EXISTS, KNOWN_FAILURE, UP_TO_DATE
from lowlight_cli.pipeline.run_log import RunInfo

_LOG = logging.getLogger(__name__)

Product = Literal["nothing", "events", "paths", "new"]
"""What goes to stdout: JSON events, the paths of all results, or only of those that are new."""


class Reporter(Observer):
    """Prints the events of a run.

    Args:
        settings: Global options; with ``quiet`` only failures are printed.
        product: What goes to stdout.
        null: Whether paths on stdout end in NUL, not in a newline.
        stdin: File that holds the image from stdin; shown as ``-``.
    """

    def __init__(
        self,
        settings: GlobalSettings,
        *,
        product: Product = "nothing",
        null: bool = False,
        stdin: Path | None = None,
    ) -> None:
        self._settings = settings
        self._product = product
        self._path_end = b"\0" if null else b"\n"
        self._stdin = stdin
        self._plan = Plan((), Path())
        self._where = ""
        self.gpu = ""
        """The CUDA devices of the run, once it has started; empty for others."""
        self._handlers: Mapping[str, ControlHandler] = {}
        self._progress = Progress(0, settings)
        self._status = StatusLine(settings)
        self._crashes = CrashReporter(settings)

    def start(
        self, plan: Plan, info: RunInfo, handlers: Mapping[str, ControlHandler], precision_reason: str = ""
    ) -> None:
        """The run starts; see ``Observer``."""
        self._status.clear()
        self._handlers = handlers
        self._plan = plan
        self.gpu = info.device if info.device.startswith("cuda") else ""
        self._where = " ".join(word for word in (info.device, info.precision) if word)
        self._event(start_event(plan, info, handlers, precision_reason))
        if precision_reason:
            _LOG.info("computing in %s: %s", info.precision, precision_reason)
        for loop in plan.loops:
            say(
                f"lle: warning: '{shown(loop)}' is a link to a folder that was already searched",
                quiet=self._settings.quiet,
            )
        if plan.jobs and self._where:
            count = counted(len(plan.jobs), "image") + _share(plan)
            words = f"{count}, {info.model} on {self._where}"
            say(words, quiet=progress_kind(self._settings) != "lines")

    def warning(self, text: str) -> None:
        """Something is done differently than requested."""
        say(f"lle: warning: {shown(text)}", quiet=self._settings.quiet)

    @contextmanager
    def progress(self, total: int) -> Iterator[None]:
        """Shows progress while the context is open; see ``Observer``."""
        with Progress(total, self._settings) as self._progress:
            yield

    @contextmanager
    def loading(self, model: str) -> Iterator[None]:
        """Says in a terminal that a model is loaded, until the run starts or the context is closed.

        Args:
            model: Name of the model.
        """
        self._status.show(f"loading {model} ...")
        try:
            yield
        finally:
            self._status.clear()

    def working(self, source: Path) -> None:
        """The model starts on an image."""
        self._progress.working(Path("-") if source == self._stdin else source)

    def crash(self, row: Row, error: BaseException) -> None:
        """An image failed because of a bug."""
        self._crashes.add(error, f"{row.code} error in {shown(self._named(row).source)}")

    def item(self, row: Row) -> None:
        """An image is finished."""
        row = self._named(row)
        if self._product == "events":
            emit(as_line(item_event(row)))
        if row.target and (row.status == "ok" or (self._product == "paths" and row.code in _HAVE_RESULT)):
            self._print_path(row.target)
        self._progress.show(row)
        if _LOG.isEnabledFor(logging.INFO) and row.status not in ("failed", "conflict"):  # are logged already
            done = "" if row.target is None else f" -> {shown(row.target)}"
            words = (row.status, shown(row.source), done, row.seconds)
            _LOG.info("%s %s%s, %.3f s", *words, extra={"fields": log_fields(row)})

    def _print_path(self, target: Path) -> None:
        if self._product in ("paths", "new"):
            emit(target, end=self._path_end)

    def _named(self, row: Row) -> Row:
        """The row, with stdin shown as ``-``."""
        return replace(row, source=Path("-")) if row.source == self._stdin else row

    def end(self, report: Report, exit_code: int, hints: Sequence[str] = ()) -> None:
        """The run is over.

        Args:
            report: All outcomes.
            exit_code: Exit code of the program.
            hints: Further lines: what to do next, what else was written.
        """
        self._event(end_event(self._plan, report, exit_code))
        if report.stopped_by is not None:
            done = report.count("ok")
            say(f"Interrupted: {done} done, {report.left} left; run the same command again to continue")
        elif not (report.rows or report.left) and self._plan.elsewhere:
            others = f"other shards do {self._plan.elsewhere:,}"
            say(f"no images for shard {self._plan.shard}; {others}", quiet=self._settings.quiet)
        elif not report.rows and not report.left:
            say(f"lle: warning: {nothing_found(self._plan)}", quiet=self._settings.quiet)
        else:
            words = [self._where, describe_handlers(self._handlers)]
            show_summary(report, self.place(), " · ".join(filter(None, words)), self._settings)
        for hint in [*self.problems(report), *hints]:
            say(hint, quiet=self._settings.quiet and not hint.startswith("lle: error"))

    def place(self) -> str:
        """Where the results are, for the summary: `` in out/``, or ``: out/a.jpg`` for a single file."""
        if self._plan.single:
            return f": {shown(self._plan.jobs[0].target)}"
        return f" in {shown(self._plan.folder)}{os.sep}"

    def problems(self, report: Report) -> Iterator[str]:
        """A line for each error that is not about a single image.

        Args:
            report: All outcomes.
        """
        if report.ended_by is not None:
            advice = "" if self._stdin else "; run the same command again to continue"
            yield f"lle: error: {shown(str(report.ended_by))}{advice}"
        if line := self._crashes.summary():
            yield line

    def _event(self, event: dict[str, Any]) -> None:
        if self._product == "events":
            emit(as_line(event))


def _share(plan: Plan) -> str:
    """How many images a shard is part of; empty for a run of all images."""
    return f" of {len(plan.jobs) + plan.elsewhere:,} (shard {plan.shard})" if plan.shard else ""


def emit(product: str | Path, end: bytes = b"\n") -> None:
    """Writes a line to stdout and flushes it; if the reader is gone, the program ends silently.

    Args:
        product: Text, or a path, whose bytes are written unchanged.
        end: Line terminator.
    """
    data = os.fsencode(product) if isinstance(product, Path) else product.encode("utf-8", "backslashreplace")
    sys.stdout.flush()
    sys.stdout.buffer.write(data + end)
    sys.stdout.buffer.flush()


_HAVE_RESULT = (UP_TO_DATE, EXISTS)
"""Codes of skipped images whose results exist."""

_SKIPS = {UP_TO_DATE: "unchanged", EXISTS: "already done", BRIGHT: "bright enough"}


def show_summary(report: Report, place: str, device: str, settings: GlobalSettings) -> None:
    """Prints the totals of a run, colored in a terminal.

    Args:
        report: All outcomes.
        place: Where the results are, after the number of enhanced images; see ``Reporter.place``.
        device: Device and number format.
        settings: Global options.
    """
    from rich.text import Text

    made = report.count("ok")
    text = Text(" · ").join(Text(words, style) for words, style in _counts(report, place))
    if made:
        speed = rate(made, report.megapixels, report.seconds)
        text.append(f"   {duration(report.seconds)} ({speed})  {device}")
    if not settings.quiet:
        make_console(sys.stderr, settings.color).print(text, soft_wrap=True)
    fields = {"event": "end", "seconds": round(report.seconds, 3)}
    _LOG.info("%s", text.plain, extra={"said": True, "fields": fields})


def _counts(report: Report, place: str) -> list[tuple[str, str]]:
    """Counts in words, each with its style; zeros are left out."""
    made, known = report.count("ok"), report.count_skipped(KNOWN_FAILURE)
    has_results = made or any(report.count_skipped(reason) for reason in _HAVE_RESULT)
    counts = [(report.count_skipped(reason), words, "") for reason, words in _SKIPS.items()]
    counts += [
        (report.count("failed"), "failed", "bold red"),
        (known, "known failure" if known == 1 else "known failures", ""),
        (report.count("conflict"), "left alone", "bold yellow"),
        (report.left, "not reached", "bold yellow"),
        (report.ignored, "other file ignored" if report.ignored == 1 else "other files ignored", ""),
    ]
    rest = [(f"{count:,} {words}", style) for count, words, style in counts if count]
    return [(f"{made:,} enhanced{place if has_results else ''}", "green"), *rest]


def nothing_found(plan: Plan) -> str:
    """Why a plan has no images: ``no images found, 2 other files``."""
    if plan.unselected:
        return f"--include and --exclude select none of {counted(plan.unselected, 'image')}"
    return (
        f"no images found, {counted(len(plan.ignored), 'other file')}" if plan.ignored else "no images found"
    )


def duration(seconds: float) -> str:
    """A time span: ``0.4 s``, ``12 s``, ``9 m 05 s``, ``2 h 07 m``."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} m {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} m"
