"""Options of ``lle enhance`` about when to stop and what to tell."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lowlight_cli.reports.wishes import Style


class Print(StrEnum):
    """What goes to stdout while files are made."""

    NONE = "none"
    PATHS = "paths"


FailFastOption = Annotated[bool, typer.Option("--fail-fast", help="Stop at the first failure.")]
MaxErrorsOption = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Stop when so many pictures have failed.")
]
FailEmptyOption = Annotated[bool, typer.Option("--fail-empty", help="Exit with 5 when no picture is found.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", "-n", help="Print what would be done, and stop.")]
JsonOption = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON object per event on stdout; see `lle schema`.",
    ),
]
PrintOption = Annotated[Print, typer.Option("--print", help="Print the path of each result on stdout.")]
ForceTtyOption = Annotated[
    bool, typer.Option("--force-tty", help="Write a picture to stdout even if that is a terminal.")
]
ReportOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--report",
        metavar="FILE",
        dir_okay=False,
        help="Write a report: .html, .md, .csv or .json; may be repeated.",
    ),
]
CompareOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", file_okay=False, help="Write each picture beside its original, into a folder."
    ),
]
CompareStyleOption = Annotated[
    Style, typer.Option(help="Beside each other, split along a slanted line, or stacked.")
]
ContactSheetOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", dir_okay=False, help="Write one picture of all pairs."),
]
