"""Options that every ``lle train`` command has, and the setting that each is."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from lowlight_cli.cli.global_options import Value
from lowlight_cli.training.presets import PRESETS

DATA, LENGTH, OTHER = "Data", "Length and size", "Settings"
OFTEN, END = "What is kept", "When it ends"


class Shared(NamedTuple):
    """What a command was told by the options that all have.

    Attributes:
        context: The call.
        values: Parameters of the options by name; None where not given.
    """

    context: typer.Context
    values: dict[str, Any]


class _Option(NamedTuple):
    """An option: its parameter, the setting it is (none if it is for the command), type, flag and help."""

    name: str
    setting: str
    kind: Any
    info: Any


def _option(name: str, setting: str, kind: Value, flag: str, text: str, panel: str, **more: Value) -> _Option:
    info = typer.Option(flag, help=text, rich_help_panel=panel, **more)
    return _Option(name, setting, kind | None, info)


def _complete_preset(incomplete: str) -> list[str]:
    return [name for name in PRESETS if name.startswith(incomplete)]


def _complete_dataset(incomplete: str) -> list[str]:
    from lowlight_cli.datasets.catalog import DATASETS

    names = [name for name, entry in DATASETS.items() if "train" in entry.splits]
    return [name for name in names if name.casefold().startswith(incomplete.casefold())]


_PATHS = list[Path]
OPTIONS = (
    _option(
        "data", "data.photos", _PATHS, "--data",
        "Folder of well-lit photos, and its share of the draws; may be given again.", DATA,
        metavar="DIR[=SHARE]",
    ),
    _option(
        "dataset", "data.datasets", list[str], "--dataset",
        "Data set to train on, only its part for training; may be given again.", DATA,
        metavar="NAME[=SHARE]", autocompletion=_complete_dataset,
    ),
    _option(
        "data_root", "data.root", Path, "--data-root",
        "Folder in which data sets lie; else LLE_DATA_ROOT and ./datasets.", DATA,
    ),
    _option(
        "cache", "data.cache", str, "--cache", "Where decoded pictures are kept.", DATA,
        metavar="DIR|auto|none", show_default="auto",
    ),
    _option(
        "workers", "run.workers", int, "--workers", "Threads that make batches ahead.", DATA, min=0,
        show_default="4, on Windows 0",
    ),
    _option(
        "overfit", "run.overfit", int, "--overfit", "Train on so many pictures only, as a check.", DATA,
        min=1,
    ),
    _option("max_steps", "run.steps", int, "--max-steps", "Steps in all.", LENGTH, min=1),
    _option("batch_size", "run.batch_size", int, "--batch-size", "Crops per step.", LENGTH, min=1),
    _option(
        "accumulate", "run.accumulate", int, "--accumulate",
        "Parts that a batch is computed in, where memory is short.", LENGTH, min=1,
    ),
    _option("crop", "run.crop", int, "--crop", "Side of a crop, a multiple of 32.", LENGTH, min=64),
    _option(
        "limit_minutes", "run.limit_minutes", float, "--limit-minutes",
        "Save and stop after this time; with --set run.schedule=clock the learning rate falls until then.",
        END,
    ),
    _option(
        "early_stop", "run.early_stop", int, "--early-stop",
        "Stop after so many validations that were not the best.", END, min=1,
    ),
    _option("val_every", "run.sample_every", int, "--val-every", "Steps between validations.", OFTEN, min=1),
    _option("ckpt_every", "run.save_every", int, "--ckpt-every", "Steps between checkpoints.", OFTEN, min=1),
    _option(
        "keep", "run.keep", int, "--keep", "Numbered checkpoints that stay, besides last and best.", OFTEN,
        min=0,
    ),
    _option(
        "tensorboard", "run.tensorboard", bool, "--tensorboard", "Also write event files for TensorBoard.",
        OFTEN,
    ),
    _option("learning_rate", "optimizer.learning_rate", float, "--lr", "Highest learning rate.", OTHER),
    _option(
        "ema", "optimizer.average", float, "--ema",
        "Decay of the average of the weights, which is what is kept; 0 for none.", OTHER, min=0, max=1,
    ),
    _option("seed", "run.seed", int, "--seed", "Seed of chance.", OTHER, min=0),
    _option(
        "device", "run.device", str, "--device", "auto, cpu, cuda or cuda:N.", OTHER, envvar="LLE_DEVICE",
    ),
    _option(
        "precision", "run.precision", str, "--precision", "auto, fp32, tf32, bf16 or fp16.", OTHER,
        envvar="LLE_PRECISION",
    ),
    _option(
        "compile", "run.compile", bool, "--compile",
        "Compile the networks with torch.compile, where the recipe can; the first steps take minutes.",
        OTHER,
    ),
    _option(
        "preset", "", str, "--preset", "Settings to start from: lite, paper (the published schedule) or gpu.",
        OTHER, autocompletion=_complete_preset, show_default="lite",
    ),
    _option("config", "", Path, "--config", "TOML file of settings.", OTHER),
    _option(
        "settings", "", list[str], "--set", "One setting; may be given again.", OTHER, metavar="KEY=VALUE",
    ),
    _option(
        "resume", "run.resume", str, "--resume",
        "Go on from the run folder's last checkpoint, start over, or go on from a checkpoint.", OTHER,
        metavar="auto|none|PATH", show_default="auto",
    ),
)  # fmt: skip
"""All of them but ``--out`` and the switches, in the order of the help."""

FOR_SINGLE_RECIPES = ("dry_run", "rehearse", "print_config")
"""Switches that ``bench`` and ``ablate`` refuse."""

_Out = Annotated[Path, typer.Option("--out", "-o", help="Run folder; an unfinished run goes on.")]
_PrintConfig = Annotated[
    bool, typer.Option("--print-config", help="Print all settings as TOML and stop.", rich_help_panel=OTHER)
]
_DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Take one step and one validation, keep nothing.", rich_help_panel=END),
]
_Rehearse = Annotated[
    bool,
    typer.Option(
        "--rehearse",
        help="Take 300 steps of these settings on the CPU in small batches, say whether all went well, and "
        "keep nothing.",
        rich_help_panel=END,
    ),
]


def with_shared_options(command: Callable[..., None], *, keeps: bool = True) -> Callable[..., None]:
    """Gives a command the options that all have, before its own.

    Args:
        command: Takes ``Shared`` first, and its own options by name.
        keeps: Whether it keeps anything: else it has no ``--out``.
    """
    own = list(signature(command).parameters.values())[1:]

    @wraps(command)
    def told(context: typer.Context, **values: Value) -> None:
        mine = {parameter.name: values.pop(parameter.name) for parameter in own}
        command(Shared(context, values), **mine)

    shared = [item for item in _parameters() if keeps or item.name != "out"]
    parameters = [*shared, *(item.replace(kind=Parameter.KEYWORD_ONLY) for item in own)]
    told.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    told.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return told


def values_of(shared: Shared) -> dict[str, Any]:
    """Settings that were given, by dotted name."""
    return {
        option.setting: shared.values[option.name]
        for option in OPTIONS
        if option.setting and shared.values[option.name] is not None
    }


def _parameters() -> list[Parameter]:
    first = Parameter("context", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    out = Parameter("out", Parameter.KEYWORD_ONLY, annotation=_Out)
    switches = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=False, annotation=kind)
        for name, kind in (("dry_run", _DryRun), ("rehearse", _Rehearse), ("print_config", _PrintConfig))
    ]
    given = [
        Parameter(
            option.name, Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[option.kind, option.info]
        )
        for option in OPTIONS
    ]
    return [first, out, *given, *switches]
