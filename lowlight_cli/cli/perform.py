"""One run of ``lle enhance``, from its options to its exit code."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from lowlight_cli.cli.carry_out import Outcome, carry_out, resolved
from lowlight_cli.cli.global_options import settings_of
from lowlight_cli.cli.hints import blur_hint, retry_command
from lowlight_cli.cli.intermediate_outputs import check_views, save_views
from lowlight_cli.cli.planning import make_plan
from lowlight_cli.cli.progress import shown
from lowlight_cli.cli.reporter import Product, Reporter
from lowlight_cli.cli.request import check_together, make_task
from lowlight_cli.cli.run_reports import report_options_of, write_run_reports
from lowlight_cli.cli.stdio import send, spool, stdin_path
from lowlight_cli.errors import LowlightError, UsageError
from lowlight_cli.pipeline.plan import Plan
from lowlight_cli.pipeline.report import NOTHING_FOUND
from lowlight_cli.pipeline.signals import leave


def perform(context: typer.Context, chosen: Mapping[str, Any]) -> int:
    """Enhances what the options name.

    Args:
        context: Of the command.
        chosen: Value of each option, by the name of its parameter.

    Returns:
        The exit code.

    Raises:
        LowlightError: Nothing could be begun.
    """
    check_together(chosen)
    check_views(chosen)
    report_options_of(chosen).check()
    task = make_task(chosen)
    with spool(chosen) as folder:
        plan = make_plan(chosen, folder)
        if chosen["dry_run"]:
            _show(resolved(plan, task), chosen, folder)
            return 0
        _confirm(plan, chosen)
        stdin = stdin_path(folder) if folder else None
        voice = Reporter(settings_of(context), product=_product(chosen), stdin=stdin)
        outcome = carry_out(plan, task, voice)
        if folder and not task.terms.writes_manifest and outcome.report.count("ok"):
            send(plan.jobs[0].target)
    report = outcome.report
    is_empty = not (report.rows or report.left)
    code = NOTHING_FOUND if chosen["fail_empty"] and is_empty else report.exit_code
    hints = _hints(context, outcome) + blur_hint(report, task.facts.model)
    if chosen["save_degradation"] and not report.is_cut_short:
        saved = save_views(plan, chosen, settings_of(context))
        hints += saved.hints
        code = max(code, saved.exit_code)
    if report_options := report_options_of(chosen):
        try:
            hints += [f"report:  {shown(path)}" for path in write_run_reports(plan, report_options)]
        except LowlightError as error:
            hints.append(f"lle: error: {error}")
            code = error.exit_code
    voice.end(report, code, hints)
    if report.is_busy:
        leave(code)  # Python would wait for threads whose work nobody wants any more
    return code


def _show(plan: Plan, chosen: Mapping[str, Any], spooled: Path | None) -> None:
    from lowlight_cli.cli.dry_run import show_plan

    show_plan(plan, as_json=chosen["as_json"], spooled=spooled)


def _product(chosen: Mapping[str, Any]) -> Product:
    if chosen["as_json"]:
        return "events"
    if chosen["printed"].value == "paths":
        return "paths0" if chosen["null"] else "paths"
    return "nothing"


def _confirm(plan: Plan, chosen: Mapping[str, Any]) -> None:
    """Asks before originals are replaced.

    Args:
        plan: What would be done.
        chosen: Value of each option, by the name of its parameter.

    Raises:
        UsageError: The answer is no, or nobody can be asked.
    """
    if not chosen["in_place"] or chosen["yes"] or not plan.jobs:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("--in-place replaces originals; where nobody can be asked, it needs --yes")
    kept = f"kept in {chosen['backup_dir']}" if chosen["backup_dir"] else "thrown away"
    if not typer.confirm(f"Replace {len(plan.jobs)} pictures? The originals are {kept}.", err=True):
        raise UsageError("nothing was changed")


def _hints(context: typer.Context, outcome: Outcome) -> list[str]:
    """What a person may want to do next."""
    lines = [f"retry:  {retry_command(context, outcome.failures)}"] if outcome.failures else []
    if outcome.report.count("conflict"):
        lines.append("what was left alone is replaced with --on-exist overwrite, or kept with skip or rename")
    return lines
