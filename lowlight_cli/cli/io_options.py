"""Options of ``lle enhance`` about files: what is read, what is written, and how."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from lowlight_cli.cli.param_types import check_color, parse_bytes, parse_pixels
from lowlight_cli.images.choices import (
    BitDepth,
    FormatChoice,
    FramesPolicy,
    MetadataPolicy,
    ProfilePolicy,
    Subsampling,
)
from lowlight_cli.pipeline.choices import OnExist
from lowlight_cli.reports.report_options import Style

_input = partial(typer.Option, rich_help_panel="Inputs")
_result = partial(typer.Option, rich_help_panel="Results")


InputsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="INPUT", help="Pictures, folders of them, quoted patterns, or - for one picture on stdin."
    ),
]
OutOption = Annotated[
    str | None,
    typer.Option(
        "--out", "-o", metavar="PATH", help="Folder, or file for a single picture, or - for stdout."
    ),
]
FilesFromOption = Annotated[
    str | None,
    _input(
        metavar="FILE",
        help="Read the inputs from a list, one a line; - is stdin. What follows `/./` is mirrored.",
    ),
]
NullOption = Annotated[
    bool,
    _input("--null", "-0", help="Lists that are read and printed end names with NUL, not newline."),
]
RecursiveOption = Annotated[
    bool,
    _input("--recursive/--no-recursive", help="Search folders in folders."),
]
IncludeOption = Annotated[
    list[str] | None,
    _input(
        metavar="GLOB",
        help="Of the files in folders, take those that match; may be repeated.",
        show_default="pictures",
    ),
]
ExcludeOption = Annotated[
    list[str] | None,
    _input(
        metavar="GLOB",
        help="Leave out the files and folders that match; may be repeated.",
    ),
]
HiddenOption = Annotated[
    bool,
    _input("--hidden", help="Take files and folders whose names start with a dot, too."),
]
FollowSymlinksOption = Annotated[
    bool, _input("--follow-symlinks", help="Search folders behind symbolic links, too.")
]
AllowTruncatedOption = Annotated[
    bool,
    _input("--allow-truncated", help="Take what is there of files that were cut short."),
]
MaxPixelsOption = Annotated[
    int,
    _input(
        metavar="N",
        parser=parse_pixels,
        show_default="400M",
        help="Refuse pictures with more pixels; k, M and G count in thousands.",
    ),
]
FramesOption = Annotated[FramesPolicy, _input(help="Of animations and pages: all, the first, or an error.")]
OnlyDarkOption = Annotated[
    float | None,
    _input(
        min=0,
        max=1,
        metavar="LUMA",
        help="Skip pictures whose mean brightness, from 0 to 1, is above this.",
    ),
]
OnExistOption = Annotated[
    OnExist,
    _result(
        help="About results that are there: resume makes again what changed and touches nothing that lle did "
        "not write; rename writes beside them.",
    ),
]
InPlaceOption = Annotated[
    bool,
    _result("--in-place", help="Replace the originals; needs --backup-dir or --no-backup."),
]
BackupDirOption = Annotated[
    Path | None,
    _result(metavar="DIR", file_okay=False, help="Where --in-place keeps the originals."),
]
NoBackupOption = Annotated[bool, _result("--no-backup", help="Let --in-place throw the originals away.")]
YesOption = Annotated[bool, _result("--yes", "-y", help="Do not ask before replacing originals.")]
SuffixOption = Annotated[str, _result(metavar="TEXT", help="Put at the end of each name, before the ending.")]
NameOption = Annotated[
    str,
    _result(
        metavar="TEMPLATE",
        help="Names of results, made of {stem}, {suffix}, {ext}, {model}, {n} and {parent}.",
    ),
]
FormatOption = Annotated[
    FormatChoice,
    _result("--format", "-f", help="Of the results; keep takes that of each input."),
]
QualityOption = Annotated[int, _result(min=1, max=100, help="Of JPEG, WebP and AVIF.")]
SubsamplingOption = Annotated[
    Subsampling, _result(help="Color resolution of JPEG; keep is that of a JPEG input, else 444.")
]
CompressionOption = Annotated[int, _result(min=0, max=9, help="Effort spent on the size of PNG.")]
BitDepthOption = Annotated[BitDepth, _result(help="Bits per channel, where the format can hold them.")]
MetadataOption = Annotated[
    MetadataPolicy,
    _result(help="Of the metadata keep all, all but place, serial numbers and owner (safe), or none."),
]
ProfileOption = Annotated[
    ProfilePolicy, _result("--icc", help="Color profile of the results: that of the input, or sRGB.")
]
FlattenOption = Annotated[
    str | None,
    _result(
        metavar="COLOR",
        callback=check_color,
        help="Background for transparent pictures in formats without transparency: white, #ffffff.",
    ),
]
PreserveMtimeOption = Annotated[
    bool, _result("--preserve-mtime", help="Give results the modification time of their inputs.")
]
MinFreeOption = Annotated[
    int,
    _result(
        metavar="BYTES",
        parser=parse_bytes,
        show_default="512M",
        help="Stop before the disk has less free; K, M and G count in 1024s.",
    ),
]
LockTimeoutOption = Annotated[
    float, _result(min=0, metavar="SECS", help="Wait so long for another run into the same folder.")
]


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
