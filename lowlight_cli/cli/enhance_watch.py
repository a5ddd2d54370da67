"""``lle enhance --watch``: what is refused, and what is printed about each run.

A file of its own, because a watching run asks nothing, writes no reports and ends by a signal.
"""

from typing import TYPE_CHECKING

import typer

from lowlight_cli import defaults
from lowlight_cli.cli.global_options import settings_of
from lowlight_cli.cli.progress import say
from lowlight_cli.cli.reporter import Reporter
from lowlight_cli.errors import UsageError
from lowlight_cli.pipeline.request import EnhanceRequest
from lowlight_cli.pipeline.signals import exit_code_of, leave
from lowlight_cli.pipeline.watch import check_watchable, enhance_watching

if TYPE_CHECKING:
    from lowlight_cli.cli.enhance_run import Presentation


def run_watching(context: typer.Context, request: EnhanceRequest, presentation: "Presentation") -> int:
    """Enhances, then waits for changes until a signal arrives.

    Args:
        context: Context of the command.
        request: What to enhance.
        presentation: What is printed.

    Returns:
        The exit code: that of the signal, or of the run that ended early.

    Raises:
        UsageError: An option excludes ``--watch``.
        LowlightError: The first run could not start.
    """
    _check(presentation)
    check_watchable(request)
    settings = settings_of(context)
    settle_s = defaults.SETTLE_S if presentation.settle_s is None else presentation.settle_s
    reporter = Reporter(settings, product=presentation.product)
    is_first, code, is_busy = True, 0, False
    try:
        for report in enhance_watching(request, reporter, settle_s=settle_s):
            code, is_busy = report.exit_code, report.is_busy
            reporter.end(report, code)
            if is_first and not (report.left or report.is_cut_short):
                say(f"watching {', '.join(request.input.sources)}; Ctrl-C stops", quiet=settings.quiet)
            is_first = False
    except KeyboardInterrupt as stop:
        say("stopped watching; run the same command again to resume", quiet=settings.quiet)
        return exit_code_of(stop)
    if is_busy:
        leave(code)  # Python would wait for threads whose results are no longer needed
    return code


def _check(presentation: "Presentation") -> None:
    if not presentation.watch:
        raise UsageError("--settle is for --watch")
    excluded = {
        "--dry-run": presentation.dry_run,
        "--fail-empty": presentation.fail_empty,
        **dict.fromkeys(presentation.reports.options_given, True),
    }
    for option, is_given in excluded.items():
        if is_given:
            reports = ", which you can write later with lle report" if option in _REPORTS else ""
            raise UsageError(f"--watch excludes {option}{reports}")


_REPORTS = ("--report", "--compare", "--contact-sheet")
