"""The totals of a run, for a person."""

import logging
import sys

from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.tables import make_console
from lowlight_cli.inference.existing import BRIGHT, EXISTS, UP_TO_DATE
from lowlight_cli.inference.report import Report

_LOG = logging.getLogger(__name__)

_SKIPS = {UP_TO_DATE: "up to date", EXISTS: "there already", BRIGHT: "bright enough"}


def show_summary(report: Report, where: str, settings: GlobalSettings) -> None:
    """Prints the totals of a run, coloured in a terminal.

    Args:
        report: All outcomes.
        where: Device and number format.
        settings: Of the global options.
    """
    from rich.text import Text

    made = report.count("ok")
    speed = made / report.seconds if report.seconds else 0.0
    flow = report.megapixels / report.seconds if report.seconds else 0.0
    text = Text(" · ").join(Text(words, style) for words, style in _counts(report))
    if made:
        text.append(f"   {duration(report.seconds)} ({speed:.2g} img/s, {flow:.2g} MP/s)  {where}")
    if not settings.quiet:
        make_console(sys.stderr, settings.color).print(text, soft_wrap=True)
    _LOG.info("%s", text.plain, extra={"said": True})


def _counts(report: Report) -> list[tuple[str, str]]:
    """What was counted, and the style of each; what did not happen is left out."""
    reasons = [row.code for row in report.rows if row.status == "skipped"]
    counts = [(report.count("ok"), "enhanced", "green")]
    counts += [(reasons.count(reason), words, "") for reason, words in _SKIPS.items()]
    counts += [
        (report.count("failed"), "failed", "bold red"),
        (report.count("conflict"), "left alone", "bold yellow"),
        (report.left, "not reached", "bold yellow"),
        (report.ignored, "not images", ""),
    ]
    return [(f"{count:,} {words}", style) for count, words, style in counts if count or words == "enhanced"]


def duration(seconds: float) -> str:
    """A time span for a person: ``0.4 s``, ``12 s``, ``9 m 05 s``, ``2 h 07 m``."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} m {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} m"
