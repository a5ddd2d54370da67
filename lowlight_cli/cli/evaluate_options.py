"""Options of ``lle eval``, what they accept, and what TAB offers for them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lowlight_cli.cli.datasets import complete_dataset
from lowlight_cli.cli.models import visible_models
from lowlight_cli.evaluation.baselines import BASELINES
from lowlight_cli.evaluation.catalog import METRICS
from lowlight_cli.evaluation.protocols import PROTOCOLS

DEFAULT_METRICS = "psnr,ssim,lpips,niqe"


class Form(StrEnum):
    """Form of the result on stdout."""

    TABLE = "table"
    PLAIN = "plain"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MD = "md"
    HTML = "html"
    LATEX = "latex"


class TableForm(StrEnum):
    """Form of a table on stdout."""

    TABLE = "table"
    PLAIN = "plain"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MD = "md"
    LATEX = "latex"


class PairByChoice(StrEnum):
    """How partners are found."""

    STEM = "stem"
    ORDER = "order"


def complete_method(incomplete: str) -> list[str]:
    """Names of models and of baselines that start so."""
    return [name for name in (*visible_models(), *BASELINES) if name.startswith(incomplete)]


def complete_metrics(incomplete: str) -> list[str]:
    """The list so far with each metric that its last word may become."""
    done, comma, start = incomplete.rpartition(",")
    return [f"{done}{comma}{name}" for name in METRICS if name.startswith(start)]


def complete_protocol(incomplete: str) -> list[str]:
    """Names of protocols that start so."""
    return [name for name in PROTOCOLS if name.startswith(incomplete)]


DatasetOption = Annotated[
    str | None,
    typer.Option(help="Data set to score on; see `lle datasets list`.", autocompletion=complete_dataset),
]
LowOption = Annotated[Path | None, typer.Option(metavar="DIR", help="Dark pictures, in place of a data set.")]
GtOption = Annotated[Path | None, typer.Option(metavar="DIR", help="Their references, of the same names.")]
PredOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[NAME=]DIR", help="Results made elsewhere, to be scored as they are; may be repeated."
    ),
]
MethodOption = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME[:PRESET|=WEIGHTS]",
        help=f"Model to enhance with, or {', '.join(BASELINES)}; may be repeated.",
        show_default="codeenhance, without --pred",
        autocompletion=complete_method,
    ),
]
MetricsOption = Annotated[
    str,
    typer.Option(
        metavar="NAME,...",
        help=f"What to measure, of {', '.join(METRICS)}.",
        autocompletion=complete_metrics,
    ),
]
ProtocolOption = Annotated[
    str,
    typer.Option(
        help=f"How to compute it: {', '.join(PROTOCOLS)}; printed in every report.",
        autocompletion=complete_protocol,
    ),
]
GtMeanOption = Annotated[
    bool,
    typer.Option("--gt-mean", help="Add columns after the brightness was aligned with the reference."),
]
MetricsDirOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder of files that metrics need.")
]
DownloadOption = Annotated[
    bool, typer.Option("--download", help="Fetch files that metrics need and that are missing.")
]
PairByOption = Annotated[
    PairByChoice, typer.Option(help="Find partners by name, or by place in the sorted lists.")
]
LimitOption = Annotated[int | None, typer.Option(min=1, metavar="N", help="Score the first N pictures only.")]
SavePredOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Keep the results of the models, as PNG.")
]
FormOption = Annotated[Form, typer.Option("--format", "-f", help="Form of what is printed.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The same as --format json.")]
ReportOption = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE", help="Write .json, .jsonl, .csv, .md, .html, .tex or .txt as well; may be repeated."
    ),
]
PerImageOption = Annotated[bool, typer.Option("--per-image", help="List each picture.")]
FailUnderOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=X", help="End with 10 if the first method's mean is below X."),
]
FailOverOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=X", help="End with 10 if the first method's mean is above X."),
]
BaselineOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Earlier JSON report; adds changes with 95 % intervals."),
]
PublishedOption = Annotated[
    bool, typer.Option("--published", help="Add what papers print about this data set, marked as such.")
]
