"""One run of ``lle enhance``: checks, the pipeline, and what is printed and written afterwards."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import typer

from lowlight_cli import defaults
from lowlight_cli.cli.global_options import GlobalSettings, settings_of
from lowlight_cli.cli.hints import blur_hint, detail_hint, failure_hints, sharing_hint
from lowlight_cli.cli.progress import shown
from lowlight_cli.cli.reporter import Product, Reporter
from lowlight_cli.cli.stdio import send, spool
from lowlight_cli.counted import counted
from lowlight_cli.errors import LowlightError, UsageError
from lowlight_cli.pipeline.enhance import enhance, resolved_plan
from lowlight_cli.pipeline.intermediate_outputs import enhance_intermediate
from lowlight_cli.pipeline.plan import Plan
from lowlight_cli.pipeline.plan_request import STDIN_NAME
from lowlight_cli.pipeline.report import NOTHING_FOUND, Report
from lowlight_cli.pipeline.request import EnhanceRequest
from lowlight_cli.pipeline.resume import BRIGHT, UP_TO_DATE
from lowlight_cli.pipeline.signals import leave
from lowlight_cli.pipeline.sources import STDIN
from lowlight_cli.processors import shared_device, usable_processors
from lowlight_cli.reports.report_options import ReportOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """What is printed and reported about a run, and what it may ask.

    Attributes:
        as_json: Whether events go to stdout.
        paths: Which paths of results go to stdout: ``none``, all (``paths``) or ``new``.
        null: Whether these paths end in NUL.
        dry_run: Whether the plan is printed and nothing is done.
        yes: Whether originals are replaced without asking.
        force_tty: Whether an image may be written to a terminal.
        fail_empty: Whether finding no image is an error.
        watch: Whether the run then waits for changes.
        settle_s: Seconds that a file must hold still before it is read; None is the default.
        reports: Reports to write after the run.
    """

    as_json: bool = False
    paths: Literal["none", "paths", "new"] = "none"
    null: bool = False
    dry_run: bool = False
    yes: bool = False
    force_tty: bool = False
    fail_empty: bool = False
    watch: bool = False
    settle_s: float | None = None
    reports: ReportOptions = field(default_factory=ReportOptions)

    @property
    def product(self) -> Product:
        """What goes to stdout while images are enhanced."""
        if self.as_json:
            return "events"
        return "nothing" if self.paths == "none" else self.paths

    def check(self, request: EnhanceRequest) -> None:
        """Refuses a presentation that does not fit the request.

        Raises:
            UsageError: Two things would go to stdout or come from stdin, or a report cannot be made.
        """
        if self.null and request.input.files_from is None and self.paths == "none":
            raise UsageError("-0 is for lists: it goes with --files-from or --print paths")
        if [*request.input.sources, request.input.files_from].count(STDIN) > 1:
            raise UsageError("stdin can be read once only; '-' is given twice")
        to_stdout = {
            "--out -": request.output.out == STDIN,
            "--json": self.as_json,
            f"--print {self.paths}": self.paths != "none",
        }
        names = [name for name, is_wanted in to_stdout.items() if is_wanted]
        if len(names) > 1:
            raise UsageError(f"{' and '.join(names)} exclude each other: both write to stdout")
        self.reports.check()
        asked = self.reports.options_given
        if asked and (request.output.out == STDIN or request.output.in_place):
            raise UsageError(f"{asked[0]} needs the originals and an output folder side by side")
        if request.shard and asked:
            raise UsageError(
                f"--shard excludes {asked[0]}; write reports with lle report once all shards have ended"
            )
        if request.shard and self.watch:
            raise UsageError("--shard excludes --watch")
        self._check_watch(asked)

    def _check_watch(self, reports: list[str]) -> None:
        if not self.watch and self.settle_s is not None:
            raise UsageError("--settle is for --watch")
        given = {"--dry-run": self.dry_run, "--fail-empty": self.fail_empty}
        excluded = [option for option, is_given in given.items() if is_given]
        if self.watch and excluded:
            raise UsageError(f"--watch excludes {excluded[0]}")
        if self.watch and reports:
            raise UsageError(f"--watch excludes {reports[0]}; write reports with lle report, at any time")


class _EnhanceReporter(Reporter):
    """Reports a run of ``lle enhance``, and asks before originals are replaced.

    Args:
        settings: Global options.
        request: The run.
        presentation: What goes to stdout, and whether to ask.
    """

    def __init__(self, settings: GlobalSettings, request: EnhanceRequest, presentation: Presentation) -> None:
        stdin = request.spool / STDIN_NAME if request.spool else None
        super().__init__(settings, product=presentation.product, null=presentation.null, stdin=stdin)
        self._output = request.output
        self._asks = request.output.in_place and not presentation.yes
        self.plan = Plan((), Path())

    def place(self) -> str:
        """Where the results are; nothing for an image on stdout."""
        return "" if self._output.out == STDIN else super().place()

    def planned(self, plan: Plan) -> None:
        """Asks if originals would be replaced, and keeps the plan for what is done after the run."""
        if self._asks:
            self._status.clear()
            _confirm(plan, self._output.backup_dir)
        self.plan = plan


def run(context: typer.Context, request: EnhanceRequest, presentation: Presentation) -> int:
    """Enhances what was requested, prints how it went and writes the reports.

    Args:
        context: Context of the command.
        request: What to enhance.
        presentation: What is printed and reported.

    Returns:
        The exit code.

    Raises:
        LowlightError: The run could not start.
    """
    presentation.check(request)
    if presentation.watch:
        from lowlight_cli.cli.enhance_watch import run_watching

        settle_s = defaults.SETTLE_S if presentation.settle_s is None else presentation.settle_s
        return run_watching(context, request, presentation.product, settle_s)
    with spool(request.input.sources, request.output.out, force_tty=presentation.force_tty) as folder:
        request = request.model_copy(update={"spool": folder})
        if presentation.dry_run:
            from lowlight_cli.cli.dry_run import show_plan

            quiet = settings_of(context).quiet
            show_plan(resolved_plan(request), as_json=presentation.as_json, quiet=quiet, spooled=folder)
            return 0
        reporter = _EnhanceReporter(settings_of(context), request, presentation)
        with reporter.loading(request.settings.model):
            report = enhance(request, reporter)
        if folder and not request.writes_manifest:
            _send_result(reporter.plan, report)
    code = _finish(context, request, presentation, reporter, report)
    if report.is_busy:
        leave(code)  # Python would wait for threads whose results are no longer needed
    return code


def _send_result(plan: Plan, report: Report) -> None:
    """Writes the image to stdout; one that ``--only-dark`` leaves as it is passes through unchanged."""
    if report.count("ok"):
        send(plan.jobs[0].target)
    elif report.count_skipped(BRIGHT):
        send(plan.jobs[0].source)


def _finish(
    context: typer.Context,
    request: EnhanceRequest,
    presentation: Presentation,
    reporter: _EnhanceReporter,
    report: Report,
) -> int:
    """Writes what follows a run, and prints its totals; gives the exit code."""
    is_empty = not (report.rows or report.left or reporter.plan.elsewhere)
    code = NOTHING_FOUND if presentation.fail_empty and is_empty else report.exit_code
    hints = failure_hints(context, report) + blur_hint(report, request.settings.model)
    hints += detail_hint(report, request.settings.detail)
    if reporter.gpu and not request.settings.names_several_devices:
        hints += sharing_hint(report, shared_device(reporter.gpu, usable_processors()))
    if request.output.save_intermediate and not report.is_cut_short:
        code = max(code, _save_intermediate(context, request, reporter.plan, hints))
    if presentation.reports:
        from lowlight_cli.reports.write import write_plan_reports

        try:
            written = write_plan_reports(reporter.plan, presentation.reports)
            compare = [presentation.reports.compare] if written.comparisons else []
            hints += [f"report:  {shown(path)}" for path in (*written.files, *compare) if path]
        except LowlightError as error:
            hints.append(f"lle: error: {shown(str(error))}")
            code = error.exit_code
    reporter.end(report, code, hints)
    return code


def _save_intermediate(context: typer.Context, request: EnhanceRequest, plan: Plan, hints: list[str]) -> int:
    """Writes the intermediate outputs, adds lines about them to ``hints``, and gives the exit code."""
    code = 0
    reporter = Reporter(settings_of(context))
    for view, report in enhance_intermediate(plan, request, reporter):
        hints.append(f"{view}:  {report.count('ok')} written, {report.count_skipped(UP_TO_DATE)} unchanged")
        hints += reporter.problems(report)
        code = max(code, report.exit_code)
    return code


def _confirm(plan: Plan, backup_dir: Path | None) -> None:
    """Asks before originals are replaced.

    Raises:
        UsageError: The answer is no, or nobody can be asked.
    """
    if not plan.jobs:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("--in-place replaces originals; use --yes where no question can be asked")
    kept = f"kept in {backup_dir}" if backup_dir else "deleted"
    if not typer.confirm(f"Replace {counted(len(plan.jobs), 'image')}? The originals are {kept}.", err=True):
        raise UsageError("nothing was changed")
