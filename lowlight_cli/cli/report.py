"""``lle report``: pages, tables, comparisons and contact sheets about an earlier run."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lowlight_cli.cli import io_options as io
from lowlight_cli.cli.global_options import settings_of
from lowlight_cli.cli.progress import say, shown
from lowlight_cli.cli.report_training import report_training
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.tables import print_table, table
from lowlight_cli.counted import counted
from lowlight_cli.errors import UsageError, printable
from lowlight_cli.pipeline.manifest import Entry, manifest_parts, manifest_path, read_manifest
from lowlight_cli.reports.report_options import ReportOptions, Style

if TYPE_CHECKING:
    from lowlight_cli.reports.report_item import ReportItem

_RANKS = {"status": 3, "size": 3, "seconds": 3, "noise ×": 2, "color ΔE": 2} | dict.fromkeys(
    ("clipped %", "deep shadow %"), 1
)
"""Head -> rank of the columns that --wide adds; the others are always asked for."""

SOME_UNREADABLE = 3
"""Exit code if an original or a result that should exist cannot be read."""


class NumberFormat(StrEnum):
    """How numbers are printed."""

    TABLE = "table"
    MD = "md"
    CSV = "csv"
    JSON = "json"


FolderArgument = Annotated[
    Path,
    typer.Argument(metavar="RUN_DIR", help="Output folder of `lle enhance`, or run folder of `lle train`."),
]
AbsoluteOption = Annotated[bool, typer.Option("--absolute", help="Show absolute paths of images.")]
FormatOption = Annotated[
    NumberFormat,
    typer.Option("--format", "-f", help="Format of the numbers on stdout, if no report is requested."),
]

WideOption = Annotated[
    bool,
    typer.Option("--wide", help="Add status, size, clipping, color, noise and time to the table."),
]


def report(
    context: typer.Context,
    folder: FolderArgument,
    reports: io.ReportOption = None,
    compare: io.CompareOption = None,
    compare_style: io.CompareStyleOption = Style.SIDE,
    contact_sheet: io.ContactSheetOption = None,
    absolute: AbsoluteOption = False,
    number_format: FormatOption = NumberFormat.TABLE,
    wide: WideOption = False,
) -> None:
    """Summarize a finished run as a table or HTML page; nothing is enhanced again.

    Without --report, --compare and --contact-sheet, prints the brightness of all images before and after;
    --wide, csv and json give more numbers. With them, prints the paths of the files written.

    For the run folder of a training it prints the main figures; --report run.html writes a page with the
    curves, samples and settings.

    Exit codes: 0 success, 2 usage error, 3 an original or a result cannot be read, 8 a report cannot be
    written.

    Example:  lle report ./out --report run.html --compare ./pairs
    """
    options = ReportOptions(reports or (), compare, compare_style, contact_sheet, absolute)
    options.check()
    from lowlight_cli.training.run_summary import is_training_run

    if is_training_run(folder) and not _has_manifest(folder):
        report_training(folder, options, number_format, settings_of(context).color)
        raise typer.Exit
    entries = _with_originals(_entries(folder), folder)
    quiet = settings_of(context).quiet
    items = (
        _write(entries, folder, options, quiet=quiet)
        if options
        else _show(entries, folder, options, number_format, wide=wide)
    )
    raise typer.Exit(_warn_about_problems(items))


def _has_manifest(folder: Path) -> bool:
    return manifest_path(folder).is_file() or bool(manifest_parts(folder))


def _entries(folder: Path) -> list[Entry]:
    """The last entry of each result.

    Raises:
        UsageError: The folder has no manifest.
    """
    if not _has_manifest(folder):
        raise UsageError(
            f"'{folder}' is not an output folder of lle enhance, and no run folder of lle train: it has no "
            f"{manifest_path(folder)}"
        )
    return list(read_manifest(folder).values())


def _with_originals(entries: list[Entry], folder: Path) -> list[Entry]:
    """Entries without the images that replaced their originals, of which nothing is left to compare.

    Raises:
        UsageError: No other images are left.
    """
    from lowlight_cli.reports.entries import is_in_place

    kept = [entry for entry in entries if entry.status != "ok" or not is_in_place(entry, folder)]
    count = len(entries) - len(kept)
    if not count:
        return entries
    were, originals = ("was", "its original was") if count == 1 else ("were", "their originals were")
    why = (
        f"{counted(count, 'image')} {were} enhanced in place: {originals} replaced, "
        "so brightness before and comparisons cannot be shown"
    )
    if not kept:
        raise UsageError(why)
    say(f"warning  {why}")
    return kept


def _write(
    entries: list[Entry], folder: Path, options: ReportOptions, *, quiet: bool
) -> "Sequence[ReportItem]":
    from lowlight_cli.reports.write import write_reports

    written = write_reports(entries, folder, options)
    for path in written.files:
        emit(printable(path))
    if options.compare:
        say(f"{counted(len(written.comparisons), 'comparison')} in {shown(options.compare)}", quiet=quiet)
    return written.items


def _show(
    entries: list[Entry], folder: Path, options: ReportOptions, number_format: NumberFormat, *, wide: bool
) -> "Sequence[ReportItem]":
    """Prints the numbers of all images."""
    from lowlight_cli.reports.entries import report_entries
    from lowlight_cli.reports.report_item import make_items
    from lowlight_cli.reports.write import TEXT_FORMATS

    items = tuple(make_items(report_entries(entries, folder, absolute=options.absolute), folder))
    if number_format is not NumberFormat.TABLE:
        emit(TEXT_FORMATS[f".{number_format}"](items).removesuffix("\n"))
        return items
    _print_numbers(items, wide=wide)
    return items


def _print_numbers(items: "Sequence[ReportItem]", *, wide: bool) -> None:
    """Prints the table for people; the short one shows the brightness and the note of each image."""
    from lowlight_cli.cli.table_layout import Column, Kind
    from lowlight_cli.reports.text_formats import MARKDOWN, cells_of, sentence
    from lowlight_cli.reports.totals import add_up

    chosen = [i for i, (head, _, _) in enumerate(MARKDOWN) if wide or _RANKS.get(head, 0) == 0]
    columns = [
        Column(
            MARKDOWN[i][0],
            Kind.NUMBER if MARKDOWN[i][1] else Kind.TEXT if i else Kind.NAME,
            _RANKS.get(MARKDOWN[i][0], 0),
        )
        for i in chosen
    ]
    rows = [[cells[i] for i in chosen] for cells in map(cells_of, items)]
    print_table(table(columns, rows, caption=sentence(add_up(items))), more="--format csv")


def _warn_about_problems(items: "Sequence[ReportItem]") -> int:
    """Names the images that cannot be shown; returns the exit code."""
    problems = [item for item in items if item.problem]
    for item in problems:
        say(f"warning  {item.name}  {shown(item.problem)}")
    return SOME_UNREADABLE if problems else 0
