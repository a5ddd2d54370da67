"""``lle enhance --watch``: what is printed about each run, and the exit code.

A file of its own, because a watching run asks nothing, writes no reports and ends by a signal.
"""

import typer

from lowlight_cli.cli.global_options import settings_of
from lowlight_cli.cli.progress import say
from lowlight_cli.cli.reporter import Product, Reporter
from lowlight_cli.pipeline.request import EnhanceRequest
from lowlight_cli.pipeline.signals import exit_code_of, leave
from lowlight_cli.pipeline.watch import check_watchable, enhance_watching


def run_watching(context: typer.Context, request: EnhanceRequest, product: Product, settle_s: float) -> int:
    """Enhances, then waits for changes until a signal arrives.

    Args:
        context: Context of the command.
        request: What to enhance.
        product: What goes to stdout.
        settle_s: Seconds that a file must hold still before it is read.

    Returns:
        The exit code: that of the signal, or of the run that ended early.

    Raises:
        UsageError: An option excludes ``--watch``.
        LowlightError: The first run could not start.
    """
    check_watchable(request)
    settings = settings_of(context)
    reporter = Reporter(settings, product=product)
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
