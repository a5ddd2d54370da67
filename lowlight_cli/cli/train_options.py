"""Options that all ``lle train`` commands have, and the request that they make."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import partial, wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from lowlight_cli.cli.global_options import Value
from lowlight_cli.cli.options import Precision, complete_device
from lowlight_cli.cli.train_request import Given, TrainingRequest
from lowlight_cli.training.presets import PRESETS
from lowlight_cli.training.recipe_defaults import default_words, defaults_of

DATA, LENGTH, OTHER = "Data", "Length and size", "Settings"
OFTEN, END = "Validation and checkpoints", "When to stop"


class _Option(NamedTuple):
    """An option: its parameter, the setting it sets (empty for none), its type, and its flag and help."""

    name: str
    setting: str
    kind: Any
    info: Any


def _option(name: str, setting: str, kind: Value, flag: str, text: str, panel: str, **more: Value) -> _Option:
    if kind in (int, float):
        more = {"metavar": "N", **more}
    completer = more.pop("completer", None)
    info: Value = typer.Option(flag, help=text, rich_help_panel=panel, **more)
    info.completer = completer  # see OwnOption
    return _Option(name, setting, kind | None, info)


def _complete_device(_: typer.Context, incomplete: str) -> list[str]:
    return complete_device(incomplete)


def _complete_preset(_: typer.Context, incomplete: str) -> list[str]:
    return [name for name in PRESETS if name.startswith(incomplete)]


def _complete_precision(_: typer.Context, incomplete: str) -> list[str]:
    return [each.value for each in Precision if each.value.startswith(incomplete)]


def _complete_assignment(recipes: Mapping[str, str]) -> Callable[..., list[tuple[str, str]]]:
    """Completes settings of the recipes of a command, each with its default."""

    def complete(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
        given = context.params.get("recipe")
        tables = [defaults_of(name) for name in recipes.values() if given is None or name == given]
        defaults = {setting: default for table in tables for setting, default in table.items()}
        return [
            (f"{setting}=", f"default: {default}")
            for setting, default in defaults.items()
            if setting.startswith(incomplete)
        ]

    return complete


def _complete_dataset(_: typer.Context, incomplete: str) -> list[str]:
    from lowlight_cli.datasets.catalog import DATASETS

    names = [name for name, entry in DATASETS.items() if "train" in entry.splits]
    return [name for name in names if name.casefold().startswith(incomplete.casefold())]


_PATHS = list[Path]
OPTIONS = (
    _option(
        "data", "data.photos", _PATHS, "--data",
        "Folder of well-lit photos; =SHARE sets its sampling weight. Repeatable.", DATA,
        metavar="DIR[=SHARE]",
    ),
    _option(
        "dataset", "data.datasets", list[str], "--dataset",
        "Dataset to train on (its training part only); =SHARE as in --data. Repeatable.", DATA,
        metavar="NAME[=SHARE]", completer=_complete_dataset,
    ),
    _option(
        "data_root", "data.root", Path, "--data-root",
        "Folder of datasets.", DATA, metavar="DIR", show_default="LLE_DATA_ROOT, then ./datasets",
    ),
    _option(
        "val", "data.val", _PATHS, "--val",
        "Folder to validate on, like those to train on. Repeatable.", DATA,
        metavar="DIR", show_default="hold out every tenth image",
    ),
    _option(
        "val_share", "data.val_share", float, "--val-share",
        "Share of the images to hold out for validation; 0 for none.", DATA, min=0, max=0.9,
        metavar="SHARE", show_default="0.1, at least 2 images",
    ),
    _option(
        "skip_broken", "data.skip_broken", bool, "--skip-broken",
        "Leave out images that cannot be used, and name them.", DATA,
    ),
    _option(
        "cache", "data.cache", str, "--cache", "Folder for decoded images; none keeps them in memory.", DATA,
        metavar="DIR|auto|none", show_default="auto",
    ),
    _option(
        "workers", "run.workers", int, "--workers", "Threads that prepare batches.", DATA, min=0,
        metavar="N", show_default="4; 0 on Windows",
    ),
    _option(
        "overfit", "run.overfit", int, "--overfit", "Train and validate on N images only, as a check.", DATA,
        min=1,
    ),
    _option("max_steps", "run.steps", int, "--max-steps", "Number of steps.", LENGTH, min=1),
    _option("batch_size", "run.batch_size", int, "--batch-size", "Crops per step.", LENGTH, min=1),
    _option(
        "accumulate", "run.accumulate", int, "--accumulate",
        "Compute each batch in N parts, to save memory.", LENGTH, min=1,
    ),
    _option("crop", "run.crop", int, "--crop", "Side of a crop in pixels, a multiple of 32.", LENGTH, min=64),
    _option(
        "limit_minutes", "run.limit_minutes", float, "--limit-minutes",
        "Save and stop after N minutes.", END,
    ),
    _option(
        "early_stop", "run.early_stop", int, "--early-stop",
        "Stop after N validations in a row without improvement.", END, min=1,
    ),
    _option("val_every", "run.sample_every", int, "--val-every", "Steps between validations.", OFTEN, min=1),
    _option("ckpt_every", "run.save_every", int, "--ckpt-every", "Steps between checkpoints.", OFTEN, min=1),
    _option(
        "keep", "run.keep", int, "--keep", "Number of step checkpoints to keep besides last and best.", OFTEN,
        min=0,
    ),
    _option(
        "tensorboard", "run.tensorboard", bool, "--tensorboard", "Also write event files for TensorBoard.",
        OFTEN,
    ),
    _option("learning_rate", "optimizer.learning_rate", float, "--lr", "Highest learning rate.", OTHER),
    _option(
        "ema", "optimizer.average", float, "--ema",
        "Decay of the moving average of the weights; 0 for none.", OTHER, min=0, max=1,
        metavar="DECAY",
    ),
    _option("seed", "run.seed", int, "--seed", "Random seed.", OTHER, min=0),
    _option(
        "device", "run.device", str, "--device", "auto, cpu, cuda, cuda:N, xpu or xpu:N.", OTHER,
        envvar="LLE_DEVICE", metavar="DEVICE", completer=_complete_device,
    ),
    _option(
        "precision", "run.precision", str, "--precision", "Number format of the networks.", OTHER,
        envvar="LLE_PRECISION", metavar="auto|fp32|tf32|bf16|fp16", completer=_complete_precision,
    ),
    _option(
        "compile", "run.compile", bool, "--compile",
        "Compile the networks with torch.compile, if the recipe can; the first steps take minutes.",
        OTHER,
    ),
    _option(
        "preset", "", str, "--preset", "Settings to start from: lite, paper (the published schedule) or gpu.",
        OTHER, metavar="NAME", completer=_complete_preset, show_default="lite",
    ),
    _option("config", "", Path, "--config", "TOML file of settings.", OTHER, metavar="FILE"),
    _option(
        "settings", "", list[str], "--set", "Set one setting; repeatable.", OTHER, metavar="KEY=VALUE",
    ),
    _option(
        "resume", "run.resume", str, "--resume",
        "Resume from the last checkpoint of the run folder, start over, or resume from a file.", OTHER,
        metavar="auto|none|FILE", show_default="auto",
    ),
)  # fmt: skip
"""All options but ``--out`` and the switches, in the order of the help."""

_Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", help="Run folder, required to train; resumes an unfinished run.", metavar="DIR"
    ),
]
_PrintConfig = Annotated[
    bool, typer.Option("--print-config", help="Print all settings as TOML and exit.", rich_help_panel=OTHER)
]
_DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Take one step, validate, and keep nothing.", rich_help_panel=END),
]
_Rehearse = Annotated[
    bool,
    typer.Option(
        "--rehearse",
        help="Take 300 steps with small batches on the CPU, report problems, and keep nothing.",
        rich_help_panel=END,
    ),
]


SWITCHES = ("dry_run", "rehearse", "print_config")
"""Parameters that only commands for a single recipe have."""

KEEPING = ("limit_minutes", "early_stop", "val_every", "ckpt_every", "keep", "tensorboard", "resume")
"""Parameters without effect on a command that neither validates nor keeps anything."""


def with_shared_options(
    command: Callable[..., None],
    recipes: Mapping[str, str],
    *,
    without: Sequence[str] = (),
    hidden: Sequence[str] = (),
) -> Callable[..., None]:
    """Adds the options that all commands have to a command.

    Args:
        command: Takes a ``TrainingRequest`` first, and its own options by name.
        recipes: Recipes that it runs, by the choice that runs each; their defaults are shown in its help.
        without: Names of parameters that it lacks, such as ``out``.
        hidden: Names of options that it takes, so that scripts can share them, but does not show.
    """
    own = list(signature(command).parameters.values())[1:]

    @wraps(command)
    def with_options(context: typer.Context, **values: Value) -> None:
        mine = {parameter.name: values.pop(parameter.name) for parameter in own}
        command(_request(context, **values), **mine)

    shared = [item for item in _parameters(recipes, hidden) if item.name not in without]
    parameters = [*shared, *(item.replace(kind=Parameter.KEYWORD_ONLY) for item in own)]
    with_options.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return with_options


def _request(
    context: typer.Context,
    *,
    preset: str | None,
    config: Path | None,
    settings: list[str] | None,
    dry_run: bool = False,
    rehearse: bool = False,
    print_config: bool = False,
    out: Path | None = None,
    **others: Value,
) -> TrainingRequest:
    given = tuple(Given(option.setting, others[option.name]) for option in OPTIONS if option.setting)
    return TrainingRequest(
        context, out, preset, config, given, tuple(settings or ()), dry_run, rehearse, print_config
    )


def _parameters(recipes: Mapping[str, str], hidden: Sequence[str]) -> list[Parameter]:
    first = Parameter("context", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    out = Parameter("out", Parameter.KEYWORD_ONLY, default=None, annotation=_Out)
    switches = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=False, annotation=kind)
        for name, kind in zip(SWITCHES, (_DryRun, _Rehearse, _PrintConfig), strict=True)
    ]
    given = [
        Parameter(
            option.name,
            Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[option.kind, _shown(option, recipes, hidden)],
        )
        for option in OPTIONS
    ]
    return [first, out, *given, *switches]


def _shown(option: _Option, recipes: Mapping[str, str], hidden: Sequence[str]) -> Value:
    """What Typer has to know about the option; the default in its help is looked up when help is printed."""
    info = copy(option.info)
    info.hidden = option.name in hidden
    if option.setting and not isinstance(info.show_default, str):
        info.show_default = partial(default_words, option.setting, recipes)
    if option.name == "settings":
        info.completer = _complete_assignment(recipes)
    return info
