"""Runs ``lle eval``: evaluates, reports progress, prints and writes the results, and checks the limits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from lowlight_cli.cli.crash_log import CrashReporter
from lowlight_cli.cli.evaluate_options import Form
from lowlight_cli.cli.evaluate_output import REPORT_FORMS, Findings, as_text, print_results
from lowlight_cli.cli.global_options import GlobalSettings, settings_of
from lowlight_cli.cli.progress import Progress, say, shown
from lowlight_cli.cli.score_tables import write_report
from lowlight_cli.datasets.matching import Problem, listed
from lowlight_cli.errors import GateError, UsageError
from lowlight_cli.evaluation.compare import compare, read_baseline
from lowlight_cli.evaluation.evaluate import evaluate
from lowlight_cli.evaluation.observer import Observer
from lowlight_cli.evaluation.published import published_for
from lowlight_cli.evaluation.request import EvalRequest
from lowlight_cli.evaluation.result import Evaluation, MethodResult, ScoredImage
from lowlight_cli.evaluation.thresholds import OVER, UNDER, Threshold, parse_thresholds
from lowlight_cli.pipeline.report import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """What is printed and written about an evaluation, and which limits apply.

    Attributes:
        form: Format on stdout.
        reports: Files to write as well; the extension of each says in which format.
        per_image: Whether each image is listed.
        baseline: Earlier report to compare with, or None.
        published: Whether scores from papers are added.
        fail_under: Lower limits for means, such as ``psnr=20``.
        fail_over: Upper limits for means.

    Raises:
        UsageError: A report has an unknown extension, or the baseline does not exist.
    """

    form: Form = Form.TABLE
    reports: tuple[Path, ...] = ()
    per_image: bool = False
    baseline: Path | None = None
    published: bool = False
    fail_under: tuple[str, ...] = ()
    fail_over: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuses mistakes before any work is done."""
        for path in self.reports:
            if path.suffix.lower() not in REPORT_FORMS:
                raise UsageError(f"--report '{path}' must end in one of {', '.join(REPORT_FORMS)}")
        if self.baseline is not None and not self.baseline.is_file():
            raise UsageError(f"--baseline '{self.baseline}' does not exist")

    @property
    def wants_page(self) -> bool:
        """Whether an HTML page, which shows images, is among the reports."""
        return self.form is Form.HTML or ".html" in {path.suffix.lower() for path in self.reports}

    def thresholds(self, request: EvalRequest) -> list[Threshold]:
        """Limits for the means of the judged method.

        Raises:
            UsageError: A limit is not valid, or its metric is not computed.
        """
        columns = request.columns()
        return parse_thresholds(self.fail_under, UNDER, columns) + parse_thresholds(
            self.fail_over, OVER, columns
        )


class EvalReporter(Observer):
    """Prints progress, warnings and failures on stderr.

    Args:
        settings: Values of the global options.
    """

    def __init__(self, settings: GlobalSettings) -> None:
        self._settings = settings
        self._progress = Progress(0, settings)
        self._crashes = CrashReporter(settings)

    def warning(self, text: str) -> None:
        """Prints what is left out, also if quiet: nothing else says that a score is missing."""
        say(f"lle: warning: {shown(text)}")

    def remark(self, text: str) -> None:
        """Prints what to know about the results, unless quiet."""
        say(f"lle: warning: {shown(text)}", quiet=self._settings.quiet)

    @contextmanager
    def progress(self, total: int) -> Iterator[None]:
        """Shows progress while the context is open.

        Args:
            total: Number of images to score.
        """
        with Progress(total, self._settings) as self._progress:
            yield

    def unpaired(self, method: str, problem: Problem) -> None:
        """Prints the file; it does not count as progress."""
        say(f"failed  {shown(problem.path)}  {problem.code}: {shown(problem.message)}", error=True)

    def scored(self, method: str, image: ScoredImage) -> None:
        """Counts the image."""
        self._progress.show(Row(image.path, None, "ok", width=image.width, height=image.height))

    def failed(self, method: str, problem: Problem) -> None:
        """Prints and counts the image."""
        self._progress.show(Row(problem.path, None, "failed", problem.code, problem.message))

    def crash(self, method: str, problem: Problem, error: BaseException) -> None:
        """Keeps the traceback, so that the bug can be reported."""
        self._crashes.add(error, f"{problem.code} error in {shown(problem.path)} ({method})")

    def end(self) -> None:
        """Prints how to report the bugs that occurred, if any."""
        if line := self._crashes.summary():
            say(line, error=True)


def run(context: typer.Context, request: EvalRequest, presentation: Presentation) -> int:
    """Evaluates what was requested, prints and writes the results, and checks the limits.

    Args:
        context: Context of the command.
        request: What to score.
        presentation: What is printed and written, and which limits apply.

    Returns:
        The exit code.

    Raises:
        OutputError: A report cannot be written.
        GateError: A limit is passed, and all images were scored.
        LowlightError: The evaluation could not start.
    """
    settings = settings_of(context)
    thresholds = presentation.thresholds(request)
    reporter = EvalReporter(settings)
    evaluation = evaluate(request, reporter)
    reporter.end()
    findings = _findings(evaluation, presentation, reporter)
    print_results(findings, presentation.form, settings.color, verbose=settings.verbose > 0)
    for path in presentation.reports:
        write_report(path, as_text(findings, REPORT_FORMS[path.suffix.lower()]))
        say(f"report: {shown(path)}", quiet=settings.quiet)
    if thresholds:
        _remark_on_others(evaluation, reporter)
    _check_limits(evaluation.judged, thresholds, reporter, is_fatal=not evaluation.exit_code)
    return evaluation.exit_code


def _findings(evaluation: Evaluation, presentation: Presentation, reporter: EvalReporter) -> Findings:
    """The results with what they are compared to."""
    baseline = presentation.baseline
    comparison = None if baseline is None else compare(evaluation, read_baseline(baseline))
    published = published_for(evaluation.data.name) if presentation.published else ()
    if presentation.published and not published:
        reporter.remark(f"no published scores are known for {evaluation.data.title}")
    for note in comparison.notes if comparison else ():
        reporter.remark(note)
    return Findings(evaluation, comparison, published, presentation.per_image)


def _remark_on_others(evaluation: Evaluation, reporter: EvalReporter) -> None:
    """Says which methods no limit applies to, unless they are classic ones."""
    judged = evaluation.judged
    others = [each.name for each in evaluation.methods if each is not judged and each.kind != "baseline"]
    if others:
        reporter.remark(f"the limits apply to {judged.name} alone, not to {listed(others)}")


def _check_limits(
    method: MethodResult, thresholds: list[Threshold], reporter: EvalReporter, *, is_fatal: bool
) -> None:
    """Reports limits that a method passes.

    Raises:
        GateError: A limit is passed, and ``is_fatal`` is set.
    """
    for note in filter(None, (each.infinite_note(method) for each in thresholds)):
        reporter.remark(note)
    passed = [failure for each in thresholds if (failure := each.failure(method))]
    if passed and is_fatal:
        raise GateError(f"limit passed: {'; '.join(passed)}")
    for failure in passed:
        say(f"lle: error: limit passed: {failure}", error=True)
