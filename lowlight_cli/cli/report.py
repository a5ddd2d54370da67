"""``lle report``: what a run did, as pages, tables, comparisons and contact sheets; no inference."""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lowlight_cli.cli import io_options as options_report
from lowlight_cli.cli.progress import say, shown
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.tables import print_table, table
from lowlight_cli.errors import UsageError
from lowlight_cli.pipeline.manifest import manifest_path, read_manifest
from lowlight_cli.pipeline.scan import STATE_FOLDER, natural_key
from lowlight_cli.reports.record import Record, record_of
from lowlight_cli.reports.report_options import COMPARISON_END, ReportOptions, Style

if TYPE_CHECKING:
    from lowlight_cli.reports.report_item import ReportItem
    from lowlight_cli.reports.write import Made

SOME_UNREADABLE = 3
"""Exit code where pictures that should be there could not be shown."""


class Form(StrEnum):
    """How numbers are printed."""

    TABLE = "table"
    MD = "md"
    CSV = "csv"
    JSON = "json"


AbsoluteOption = Annotated[
    bool,
    typer.Option("--absolute", help="Show where pictures lie on this machine."),
]


def report(
    folder: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of results of `lle enhance`.")],
    reports: options_report.ReportOption = None,
    compare: options_report.CompareOption = None,
    compare_style: options_report.CompareStyleOption = Style.SIDE,
    contact_sheet: options_report.ContactSheetOption = None,
    absolute: AbsoluteOption = False,
    form: Annotated[
        Form, typer.Option("--format", "-f", help="Of the numbers on stdout, without other options.")
    ] = Form.TABLE,
) -> None:
    """Show what a run did, from its manifest and the files on disk; nothing is enhanced again.

    Without --report, --compare and --contact-sheet the numbers of all pictures go to stdout; else the names
    of the files that were written.

    Exit codes: 0 all shown, 2 usage, 3 an original or a result cannot be read any more, 8 a report cannot be
    written.

    Example:  lle report ./out --report run.html --compare ./pairs
    """
    from lowlight_cli.reports.report_item import prepare

    report_options = ReportOptions(reports or (), compare, compare_style, contact_sheet, absolute)
    report_options.check()
    entries = _manifest_entries(folder)
    if report_options:
        made = _make(folder, entries, report_options)
        items: Sequence[ReportItem] = made.items
        _show_files(made, report_options)
    else:
        items = tuple(prepare(_records(entries, folder, absolute=absolute)))
        _show_numbers(items, form)
    raise typer.Exit(_warn_of_problems(items))


def write_reports(
    folder: Path,
    entries: Iterable[Mapping[str, Any]],
    *,
    reports: Sequence[Path] = (),
    compare: Path | None = None,
    compare_style: Style = Style.SIDE,
    contact_sheet: Path | None = None,
    absolute: bool = False,
) -> tuple[Path, ...]:
    """Writes what was asked for beside a run.

    Args:
        folder: Of the results.
        entries: Lines of its manifest.
        reports: Files whose endings tell the form.
        compare: Folder for comparisons.
        compare_style: Of these.
        contact_sheet: Picture with all pairs.
        absolute: Whether reports may hold absolute paths.

    Returns:
        The files written.

    Raises:
        UsageError: A wish makes no sense. ``ReportOptions.check`` finds most of that before a run.
        OutputError: A file cannot be written.
    """
    return _make(
        folder, entries, ReportOptions(reports, compare, compare_style, contact_sheet, absolute)
    ).files


def _make(folder: Path, entries: Iterable[Mapping[str, Any]], report_options: ReportOptions) -> "Made":
    from lowlight_cli.reports.run_page import Heading
    from lowlight_cli.reports.write import make_reports

    resolved = folder.resolve()
    place = shown(resolved) if report_options.absolute else _without_home(folder)
    title = shown(resolved) if report_options.absolute else shown(Path(resolved.name or "photos"))
    records = _records(entries, folder, absolute=report_options.absolute)
    return make_reports(records, report_options, Heading(title, _retry_command(folder, place)))


def _manifest_entries(folder: Path) -> list[dict[str, Any]]:
    """The last word on each picture.

    Raises:
        UsageError: The folder holds no manifest.
    """
    if not manifest_path(folder).is_file():
        raise UsageError(f"'{folder}' is no folder of results: there is no {manifest_path(folder)}")
    return [asdict(entry) for entry in read_manifest(folder).values()]


def _retry_command(folder: Path, place: str) -> str:
    """What tries the failed pictures again with the usual options; empty where no list of them is left.

    Args:
        folder: Of the results.
        place: The same as it may be shown.
    """
    # Where there are two, the second lacks the names with line breaks.
    for name, separator in (("failed0.txt", " -0"), ("failed.txt", "")):
        if (folder / STATE_FOLDER / name).is_file():
            listed = _quoted(f"{place}/{STATE_FOLDER}/{name}")
            return f"lle enhance --files-from {listed}{separator} -o {_quoted(place)}"
    return ""


def _records(entries: Iterable[Mapping[str, Any]], folder: Path, *, absolute: bool) -> list[Record]:
    """Records in natural order, called so that nothing is told of this machine unless it is wanted."""
    records = [record_of(entry, folder) for entry in entries]
    named = [
        replace(record, name=_name(record, absolute=absolute), message=_scrubbed(record.message, folder))
        for record in records
    ]
    # One picture with several results is called by each of them.
    counts = Counter(record.name for record in named)
    apart = [
        replace(record, name=shown(Path(record.place)))
        if counts[record.name] > 1 and record.place.name
        else record
        for record in named
    ]
    return sorted(apart, key=lambda record: natural_key(Path(record.name)))


def _name(record: Record, *, absolute: bool) -> str:
    if absolute:
        return shown(record.source)
    given = Path(record.name)
    if not given.is_absolute() and ".." not in given.parts:
        return shown(given)
    inside = record.place.name and not record.place.is_absolute()
    return shown(Path(record.place) if inside else Path(given.name))


def _scrubbed(message: str, folder: Path) -> str:
    return message.replace(str(folder.resolve()), folder.resolve().name).replace(str(Path.home()), "~")


def _without_home(folder: Path) -> str:
    """A folder as it was given; its way through a home folder is not told."""
    if not folder.is_absolute():
        return shown(folder)
    try:
        return f"~/{shown(folder.relative_to(Path.home()))}"
    except ValueError:
        parts = folder.parts
        return shown(Path("...", *parts[3:])) if parts[1:2] in (("home",), ("Users",)) else shown(folder)


def _quoted(place: str) -> str:
    """A place as a word for a shell, which shall still see what ``~`` stands for."""
    return f"~/{shlex.quote(place[2:])}" if place.startswith("~/") else shlex.quote(place)


def _show_files(made: "Made", report_options: ReportOptions) -> None:
    comparisons = {
        path for path in made.files if report_options.compare and path.name.endswith(COMPARISON_END)
    }
    for path in made.files:
        if path not in comparisons:
            emit(shown(path))
    if report_options.compare:
        say(f"{len(comparisons)} comparisons in {shown(report_options.compare)}")


def _show_numbers(items: "Sequence[ReportItem]", form: Form) -> None:
    from lowlight_cli.reports.text_formats import MARKDOWN, cells_of, sentence
    from lowlight_cli.reports.totals import add_up
    from lowlight_cli.reports.write import TEXT_FORMS

    if form is not Form.TABLE:
        emit(TEXT_FORMS[f".{form}"](items).removesuffix("\n"))
        return
    heads = [head for head, _, _ in MARKDOWN]
    numbers = [head for head, right, _ in MARKDOWN if right]
    print_table(table(heads, map(cells_of, items), numbers=numbers, caption=sentence(add_up(items))))


def _warn_of_problems(items: "Sequence[ReportItem]") -> int:
    """Names what could not be shown; gives the exit code."""
    problems = [item for item in items if item.problem]
    for item in problems:
        say(f"warning  {item.record.name}  {item.problem}")
    return SOME_UNREADABLE if problems else 0
