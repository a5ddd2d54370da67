"""Options about files and reports: what is read, what is written, when to stop, what to print."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from lowlight_cli.cli.param_types import check_color, parse_bytes, parse_format, parse_pixels, parse_share
from lowlight_cli.images.choices import (
    BitDepth,
    FormatChoice,
    FramesPolicy,
    MetadataPolicy,
    ProfilePolicy,
    Subsampling,
)
from lowlight_cli.pipeline.choices import OnExist, RetryFailed
from lowlight_cli.reports.report_options import Style

_input = partial(typer.Option, rich_help_panel="Inputs")
_result = partial(typer.Option, rich_help_panel="Results")


InputsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="INPUT", help="Images, folders, quoted glob patterns, or - for one image from stdin."
    ),
]
OutOption = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        metavar="PATH",
        help="Output folder, output file (one image), or - for stdout. Without it, results go beside the "
        "input: a_enhanced.jpg, or the folder photos_enhanced.",
    ),
]
FilesFromOption = Annotated[
    str | None,
    _input(
        metavar="FILE",
        help="Read inputs from a list, one per line; - is stdin, # starts a comment. The part of a path "
        "after `/./` is kept below --out.",
    ),
]
NullOption = Annotated[
    bool,
    _input("--null", "-0", help="Use NUL instead of newline in lists (find -print0, xargs -0)."),
]
RecursiveOption = Annotated[
    bool,
    _input("--recursive/--no-recursive", help="Search subfolders."),
]
IncludeOption = Annotated[
    list[str] | None,
    _input(
        metavar="GLOB",
        help="Read only files in folders that match; may be repeated.",
        show_default="all images",
    ),
]
ExcludeOption = Annotated[
    list[str] | None,
    _input(
        metavar="GLOB",
        help="Skip files and folders that match; may be repeated.",
    ),
]
HiddenOption = Annotated[
    bool,
    _input("--hidden", help="Include hidden files and folders."),
]
FollowSymlinksOption = Annotated[bool, _input("--follow-symlinks", help="Follow symbolic links to folders.")]
AllowTruncatedOption = Annotated[
    bool,
    _input("--allow-truncated", help="Read truncated files as far as they go."),
]
MaxPixelsOption = Annotated[
    int,
    _input(
        metavar="N",
        parser=parse_pixels,
        show_default="400M",
        help="Refuse images with more pixels; k, M and G are powers of 1000.",
    ),
]
FramesOption = Annotated[
    FramesPolicy, _input(help="Animations and multi-page files: process all frames, only the first, or fail.")
]
OnlyDarkOption = Annotated[
    float | None,
    _input(
        metavar="LUMA",
        parser=parse_share,
        help="Skip images whose mean brightness is above this: 0 to 1, or a percentage such as 40%.",
    ),
]
OnExistOption = Annotated[
    OnExist,
    _result(
        help="What to do if the output exists: resume (redo only what changed; never touch files lle did "
        "not write), skip, overwrite, rename, error.",
    ),
]
RetryFailedOption = Annotated[
    RetryFailed,
    _result(
        help="Which damaged images to try again: those whose file or options changed, or always. Other "
        "failures, such as a full disk, are always retried.",
    ),
]
InPlaceOption = Annotated[
    bool,
    _result("--in-place", help="Replace the originals; needs --backup-dir or --no-backup."),
]
BackupDirOption = Annotated[
    Path | None,
    _result(metavar="DIR", file_okay=False, help="Folder where --in-place keeps the originals."),
]
NoBackupOption = Annotated[bool, _result("--no-backup", help="Let --in-place delete the originals.")]
YesOption = Annotated[bool, _result("--yes", "-y", help="Do not ask before replacing originals.")]
SuffixOption = Annotated[
    str, _result(metavar="TEXT", help="Text added to each output name before its extension.")
]
NameOption = Annotated[
    str,
    _result(
        metavar="TEMPLATE",
        help="Template of output names: {stem}, {suffix}, {ext}, {model}, {n}, {parent}, and {date}, {time} "
        "of the photo, from EXIF or else the file.",
    ),
]
FormatOption = Annotated[
    FormatChoice,
    _result("--format", "-f", parser=parse_format, help="Output format; keep = same as input."),
]
QualityOption = Annotated[int, _result(min=1, max=100, help="Quality of JPEG, WebP and AVIF.", metavar="N")]
SubsamplingOption = Annotated[
    Subsampling, _result(help="Chroma subsampling of JPEG; keep uses that of a JPEG input, otherwise 444.")
]
CompressionOption = Annotated[int, _result(min=0, max=9, help="PNG compression level.", metavar="N")]
BitDepthOption = Annotated[BitDepth, _result(help="Bits per channel, if the format supports them.")]
MetadataOption = Annotated[
    MetadataPolicy,
    _result(help="Metadata to keep: keep = all, safe = without GPS, serial numbers and owner, strip = none."),
]
ProfileOption = Annotated[
    ProfilePolicy, _result("--icc", help="Color profile of the outputs: that of the input, or sRGB.")
]
FlattenOption = Annotated[
    str | None,
    _result(
        metavar="COLOR",
        callback=check_color,
        help="Background color for transparent images in formats without transparency: white, #ffffff.",
    ),
]
PreserveMtimeOption = Annotated[
    bool, _result("--preserve-mtime", help="Copy the modification time of each input.")
]
MinFreeOption = Annotated[
    int,
    _result(
        metavar="BYTES",
        parser=parse_bytes,
        show_default="512M",
        help="Stop when less disk space is free; K, M and G are powers of 1024.",
    ),
]
LockTimeoutOption = Annotated[
    float, _result(min=0, metavar="SECS", help="Seconds to wait while another run uses the output folder.")
]


_run = partial(typer.Option, rich_help_panel="Run and report")


class Print(StrEnum):
    """What goes to stdout while images are enhanced."""

    NONE = "none"
    PATHS = "paths"
    NEW = "new"


ShardOption = Annotated[
    str | None,
    _run(
        metavar="I/N",
        help="Enhance only part I of N, from 0, while other machines do the others; auto takes I and N from "
        "a Slurm array, or a Kubernetes Job and LLE_SHARDS.",
    ),
]
FailFastOption = Annotated[bool, _run("--fail-fast", help="Stop at the first failure.")]
MaxErrorsOption = Annotated[int | None, _run(min=1, metavar="N", help="Stop after N images have failed.")]
FailEmptyOption = Annotated[bool, _run("--fail-empty", help="Exit with 5 if no images are found.")]
WatchOption = Annotated[
    bool,
    _run("--watch", help="Then wait for new and changed images and enhance them, until Ctrl-C."),
]
SettleOption = Annotated[
    float | None,
    _run(
        min=0,
        metavar="SECS",
        help="Seconds that a file must hold still before --watch reads it.",
        show_default="2",
    ),
]
DryRunOption = Annotated[bool, _run("--dry-run", "-n", help="Print what would be done, without doing it.")]
JsonOption = Annotated[
    bool,
    _run(
        "--json",
        help="Print events on stdout, one JSON object per line; see `lle schema`.",
    ),
]
PrintOption = Annotated[
    Print,
    _run("--print", help="Print on stdout the paths of all results, or only of those that are new."),
]
ForceTtyOption = Annotated[
    bool, _run("--force-tty", help="Write an image to stdout even if it is a terminal.")
]
ReportOption = Annotated[
    list[Path] | None,
    _run(
        "--report",
        metavar="FILE",
        dir_okay=False,
        help="Write a report as .html, .md, .csv or .json; may be repeated.",
    ),
]
CompareOption = Annotated[
    Path | None,
    _run(metavar="DIR", file_okay=False, help="Write before-and-after images to a folder."),
]
CompareStyleOption = Annotated[
    Style, _run(help="Layout of --compare: side by side, split by a diagonal, or stacked.")
]
ContactSheetOption = Annotated[
    Path | None,
    _run(metavar="FILE", dir_okay=False, help="Write an overview image of all pairs."),
]
