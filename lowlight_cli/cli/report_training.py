"""``lle report`` for the run folder of a training: figures on stdout, or report files."""

from pathlib import Path
from typing import TYPE_CHECKING

from lowlight_cli.cli.progress import shown
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.tables import print_table, table
from lowlight_cli.errors import UsageError
from lowlight_cli.reports.report_options import ReportOptions

if TYPE_CHECKING:
    from lowlight_cli.training.run_summary import RunSummary


def report_training(folder: Path, options: ReportOptions, number_format: str, color: str) -> None:
    """Prints the figures of a training run, or writes its reports and prints their paths.

    Args:
        folder: The run folder.
        options: Reports to write.
        number_format: Format of the figures: ``table``, ``md``, ``csv`` or ``json``.
        color: ``auto``, ``always`` or ``never``.

    Raises:
        UsageError: A report is requested that a training run does not have.
        SettingsError: The settings in the folder cannot be read.
        OutputError: A report cannot be written.
    """
    from lowlight_cli.training.run_files import write_whole
    from lowlight_cli.training.run_summary import read_run

    if options.compare or options.contact_sheet:
        raise UsageError("--compare and --contact-sheet do not apply to a training run; use --report FILE")
    run = read_run(folder)
    for path in options.files:
        write_whole(path, (_text(run, path.suffix.lower().removeprefix(".")) + "\n").encode())
        emit(shown(path))
    if not options.files:
        _print(run, number_format, color)


def _print(run: "RunSummary", number_format: str, color: str) -> None:
    from lowlight_cli.training.run_report import figures_of

    if number_format != "table":
        emit(_text(run, number_format))
        return
    print_table(table(("figure", "value"), figures_of(run)), color=color)


def _text(run: "RunSummary", form: str) -> str:
    from lowlight_cli.training.run_report import as_csv, as_json, as_markdown, page_values

    if form == "html":
        from lowlight_cli.reports.page import render

        return render("training.html.j2", **page_values(run)).rstrip("\n")
    makers = {"md": as_markdown, "csv": as_csv, "json": as_json}
    return makers[form](run)
