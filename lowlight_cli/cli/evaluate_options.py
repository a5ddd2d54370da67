"""Declares the options of ``lle eval`` and their completions."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lowlight_cli import defaults as shared
from lowlight_cli.cli.datasets import complete_dataset
from lowlight_cli.cli.models import visible_models
from lowlight_cli.cli.options import Precision
from lowlight_cli.evaluation import defaults
from lowlight_cli.evaluation.baselines import BASELINES
from lowlight_cli.evaluation.catalog import METRICS
from lowlight_cli.evaluation.protocols import PROTOCOLS

_CLASSIC = ", ".join(BASELINES)
DEFAULT_PRECISION = Precision(defaults.PRECISION)


class Form(StrEnum):
    """Format of the results on stdout."""

    TABLE = "table"
    PLAIN = "plain"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MD = "md"
    HTML = "html"
    LATEX = "latex"
    LATEX_ROWS = "latex-rows"


class TableForm(StrEnum):
    """Format of a table on stdout."""

    TABLE = "table"
    PLAIN = "plain"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MD = "md"
    LATEX = "latex"
    LATEX_ROWS = "latex-rows"


class PairByChoice(StrEnum):
    """How images are paired with references."""

    STEM = "stem"
    ORDER = "order"


def complete_method(incomplete: str) -> list[str]:
    """Names of models and classic methods that start with a text."""
    return [name for name in (*visible_models(), *BASELINES) if name.startswith(incomplete)]


def complete_metrics(incomplete: str) -> list[str]:
    """The list so far, with its last name completed to each other metric that fits."""
    done, comma, start = incomplete.rpartition(",")
    taken = done.split(",")
    return [f"{done}{comma}{name}" for name in METRICS if name.startswith(start) and name not in taken]


def complete_protocol(incomplete: str) -> list[str]:
    """Names of protocols that start with a text."""
    return [name for name in PROTOCOLS if name.startswith(incomplete)]


DatasetOption = Annotated[
    str | None,
    typer.Option(help="Dataset to score on; see `lle datasets list`.", autocompletion=complete_dataset),
]
LowOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder of dark images, instead of a dataset.")
]
GtOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder of their references, with the same names.")
]
PredOption = Annotated[
    list[str] | None,
    typer.Option(metavar="[NAME=]DIR", help="Results made elsewhere, scored as they are; may be repeated."),
]
MethodOption = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="[LABEL: ]NAME[:PRESET|=WEIGHTS]",
        help=f"Model to score, or {', '.join(BASELINES)}; 'mine: {shared.MODEL}=FILE' names it in tables. "
        "May be repeated.",
        show_default=f"{shared.MODEL}, and input without references, unless --pred is given",
        autocompletion=complete_method,
    ),
]
MetricsOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME,...",
        help=f"Metrics to compute: {', '.join(METRICS)}. May be repeated.",
        show_default=",".join(defaults.METRICS),
        autocompletion=complete_metrics,
    ),
]
ProtocolOption = Annotated[
    str,
    typer.Option(
        help=f"How to compute them: {', '.join(PROTOCOLS)}; every report names it.",
        autocompletion=complete_protocol,
    ),
]
GtMeanOption = Annotated[
    bool,
    typer.Option("--gt-mean", help="Add scores after aligning the brightness with the reference."),
]
MetricsDirOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder of metric files, searched first.")
]
DownloadOption = Annotated[bool, typer.Option("--download", help="Download missing metric files.")]
PairByOption = Annotated[
    PairByChoice, typer.Option(help="Pair images by name, or by their order in sorted lists.")
]
LimitOption = Annotated[int | None, typer.Option(min=1, metavar="N", help="Score only the first N images.")]
SavePredOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Write the results of the methods here, as PNG; never over files that are not its own.",
    ),
]
FormOption = Annotated[Form, typer.Option("--format", "-f", help="Format of the results on stdout.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Same as --format json.")]
ReportOption = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Write a report as .json, .jsonl, .csv, .md, .html, .tex or .txt; may be repeated.",
    ),
]
PerImageOption = Annotated[bool, typer.Option("--per-image", help="List each image.")]
FailUnderOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=X",
        help=f"Exit with 10 if the mean is below X, of the first method other than {_CLASSIC}.",
    ),
]
FailOverOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=X",
        help=f"Exit with 10 if the mean is above X, of the first method other than {_CLASSIC}.",
    ),
]
BaselineOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Earlier JSON report; adds changes since then with 95 % intervals."),
]
PublishedOption = Annotated[
    bool, typer.Option("--published", help="Add scores that papers report for this dataset, marked as such.")
]
