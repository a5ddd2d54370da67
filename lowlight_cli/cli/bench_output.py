"""Runs a measurement of ``lle bench``, and prints its progress, its table and its advice."""

from collections.abc import Callable, Iterator
from dataclasses import fields

from lowlight_cli.bench.observer import BenchObserver
from lowlight_cli.bench.request import BenchRequest
from lowlight_cli.bench.result import BenchResult, Case, Failure, Limit, Setup
from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.progress import StatusLine, say, shown
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.table_layout import Column, Kind
from lowlight_cli.cli.tables import Table, aligned, as_json, print_table, table
from lowlight_cli.counted import counted
from lowlight_cli.pipeline.signals import exit_code_of
from lowlight_cli.pipeline.stages import StageSeconds

_STAGE_NAMES = {
    "read": "reading (other threads)",
    "wait_input": "waiting for a photo",
    "copy_in": "pixels to tensors",
    "model": "model",
    "copy_out": "tensors to pixels",
    "resize": "small copies, full size",
    "write": "writing (other threads)",
    "wait_output": "waiting for writing",
}

_LIMITS: dict[Limit, str] = {
    "reading": "reading",
    "model": "the model",
    "writing": "writing",
    "copying": "copying pixels",
    "resizing": "resizing",
    "program": "the program",
}


class _Reporter(BenchObserver):
    """Shows on stderr what is done, warnings and failures.

    Args:
        settings: Quiet mode and the kind of progress.
    """

    def __init__(self, settings: GlobalSettings) -> None:
        self._settings = settings
        self.status = StatusLine(settings)

    def step(self, text: str) -> None:
        """Shows a step in a terminal."""
        self.status.show(f"{text} ...")

    def warning(self, text: str) -> None:
        """Prints a warning."""
        say(f"lle: warning: {shown(text)}", quiet=self._settings.quiet)

    def failed(self, failure: Failure) -> None:
        """Prints a failure."""
        say(f"failed  {shown(failure.photo)}  {failure.code}: {shown(failure.message)}", error=True)


def run(request: BenchRequest, settings: GlobalSettings, *, as_json_: bool) -> int:
    """Measures, and prints the result.

    Args:
        request: What to measure.
        settings: Global options.
        as_json_: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        LowlightError: The measurement could not start or was cut short.
    """
    from lowlight_cli.bench.measure import measure

    reporter = _Reporter(settings)
    try:
        result = measure(request, reporter)
    except KeyboardInterrupt as stop:
        reporter.status.clear()
        say("Interrupted; nothing was measured, and nothing is left behind")
        return exit_code_of(stop)
    finally:
        reporter.status.clear()
    if as_json_:
        emit(as_json(result))
    elif result.cases:
        _print(result, settings.color)
    if count := len(result.failures):
        say(f"{counted(count, 'photo')} failed and {'is' if count == 1 else 'are'} not in the numbers")
    return result.exit_code


def _print(result: BenchResult, color: str) -> None:
    emit(_setup_lines(result.setup))
    print_table(_table(result), color=color)
    for case in result.cases:
        limit = f"limited by {_LIMITS[case.limit]}, {100 * case.limit_share:.0f} % of the time"
        emit(f"{case.name}: {limit}")
        if advice := list(_advice_rows(case)):
            emit(aligned(advice, indent=2))


def _setup_lines(setup: Setup) -> str:
    rows = [
        ("model", f"{setup.model} {setup.preset}, detail {setup.detail}"),
        (
            "device",
            f"{setup.device} in {setup.precision}, {counted(setup.threads, 'thread')}; "
            f"{counted(setup.workers, 'worker')} (--workers)",
        ),
        ("precision", setup.precision_reason),
    ]
    return aligned(rows)


def _table(result: BenchResult) -> Table:
    cases = result.cases
    columns = [Column("", Kind.TEXT), *(Column(case.name, Kind.NUMBER) for case in cases)]
    rows = [[name, *(tell(case) for case in cases)] for name, tell in _facts(result)]
    return table(columns, rows, caption="Seconds and stages are those of the fastest run.")


def _facts(result: BenchResult) -> Iterator[tuple[str, Callable[[Case], str]]]:
    """Name of each row, and its cell for a case."""
    yield "photos in a run", lambda case: _part(case.photos, case.available)
    yield "megapixels", lambda case: _number(case.megapixels)
    yield "runs", lambda case: f"{len(case.run_seconds)}"
    yield "seconds", lambda case: _number(case.seconds)
    yield "images/s", lambda case: _number(case.images_per_second)
    yield "megapixels/s", lambda case: _number(case.megapixels_per_second)
    yield "images/s of the model alone", lambda case: _number(case.model_images_per_second)
    yield "share of the model-only rate", lambda case: f"{100 * case.share_of_model:.0f} %"
    yield "peak memory, MiB", lambda case: _number(case.peak_host_mb)
    if result.machine.gpu:
        yield "peak GPU memory, MiB", lambda case: _number(case.peak_gpu_mb)
    for field in fields(StageSeconds):
        if any(getattr(case.stages, field.name) for case in result.cases):
            yield f"s  {_STAGE_NAMES[field.name]}", _stage(field.name)
    if any(case.other is not None for case in result.cases):
        yield "s  everything else", lambda case: _number(case.other)


def _stage(name: str) -> Callable[[Case], str]:
    return lambda case: _number(getattr(case.stages, name))


def _part(count: int, available: int) -> str:
    return f"{count:,}" if count == available else f"{count:,} of {available:,}"


def _number(value: float | None) -> str:
    """A number with three digits that count; whole numbers are never cut."""
    if value is None:
        return "not known"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _advice_rows(case: Case) -> Iterator[tuple[str, str]]:
    for advice in case.advice:
        speed = f"{advice.speed:.3g} times as fast; " if advice.speed is not None else ""
        yield advice.option or "note", f"{speed}{advice.text}"
