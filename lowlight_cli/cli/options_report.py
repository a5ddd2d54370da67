"""Options of ``lle enhance`` about when to stop and what to tell."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from lowlight_cli.reports.wishes import Style

_run = partial(typer.Option, rich_help_panel="Run and report")


class Print(StrEnum):
    """What goes to stdout while files are made."""

    NONE = "none"
    PATHS = "paths"


FailFastOption = Annotated[bool, _run("--fail-fast", help="Stop at the first failure.")]
MaxErrorsOption = Annotated[
    int | None, _run(min=1, metavar="N", help="Stop when so many pictures have failed.")
]
FailEmptyOption = Annotated[bool, _run("--fail-empty", help="Exit with 5 when no picture is found.")]
DryRunOption = Annotated[bool, _run("--dry-run", "-n", help="Print what would be done, and stop.")]
JsonOption = Annotated[
    bool,
    _run(
        "--json",
        help="Print one JSON object per event on stdout; see `lle schema`.",
    ),
]
PrintOption = Annotated[Print, _run("--print", help="Print the path of each result on stdout.")]
ForceTtyOption = Annotated[
    bool, _run("--force-tty", help="Write a picture to stdout even if that is a terminal.")
]
ReportOption = Annotated[
    list[Path] | None,
    _run(
        "--report",
        metavar="FILE",
        dir_okay=False,
        help="Write a report: .html, .md, .csv or .json; may be repeated.",
    ),
]
CompareOption = Annotated[
    Path | None,
    _run(metavar="DIR", file_okay=False, help="Write each picture beside its original, into a folder."),
]
CompareStyleOption = Annotated[Style, _run(help="Beside each other, split along a slanted line, or stacked.")]
ContactSheetOption = Annotated[
    Path | None,
    _run(metavar="FILE", dir_okay=False, help="Write one picture of all pairs."),
]
