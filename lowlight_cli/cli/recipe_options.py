"""Options of ``lle train`` that only some recipes have, and the setting that each one sets."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

import typer

from lowlight_cli.cli.global_options import Value
from lowlight_cli.cli.train_options import DATA, LENGTH
from lowlight_cli.cli.train_request import Given, TrainingRequest
from lowlight_cli.errors import UsageError

PairsOption = Annotated[
    list[Path] | None,
    typer.Option(
        help="Folder that holds low/ and high/ (or input/ and target/); =SHARE sets its sampling weight. "
        "Repeatable.",
        rich_help_panel=DATA,
        metavar="DIR[=SHARE]",
    ),
]
LowOption = Annotated[
    list[Path] | None,
    typer.Option(
        help="Folder of dark images, together with --gt. Repeatable.", rich_help_panel=DATA, metavar="DIR"
    ),
]
GtOption = Annotated[
    list[Path] | None,
    typer.Option(
        help="Folder of the references of --low, with the same names.", rich_help_panel=DATA, metavar="DIR"
    ),
]
LabelsOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder of class maps, as PNG files named like the photos below --label-root.",
        rich_help_panel=DATA,
        metavar="DIR",
    ),
]
LabelRootOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder that the names of the class maps are relative to.", rich_help_panel=DATA, metavar="DIR"
    ),
]
VqganOption = Annotated[
    Path | None,
    typer.Option(help="Weights of stage I.", rich_help_panel=DATA, metavar="FILE", show_default="shipped"),
]
SemanticOption = Annotated[
    Path | None,
    typer.Option(
        help="Weights of the semantic network.",
        rich_help_panel=DATA,
        metavar="FILE",
        show_default="shipped",
    ),
]
DegradationOption = Annotated[
    Path | None,
    typer.Option(help="Weights of the first stage, of the same size.", rich_help_panel=DATA, metavar="FILE"),
]
StartOption = Annotated[
    Path | None,
    typer.Option(help="Weights of the same model to start from.", rich_help_panel=DATA, metavar="FILE"),
]


class Size(StrEnum):
    """Networks of DRGN."""

    DRGN = "drgn"
    LIGHT = "lw-drgn"


SizeOption = Annotated[
    Size | None,
    typer.Option(help="Network to train.", rich_help_panel=LENGTH, show_default="lw-drgn; drgn for paper"),
]


class RecipeOption(NamedTuple):
    """Type and help of an option as Typer reads them, and the dotted name of the setting that it sets."""

    annotation: Any
    setting: str


RECIPE_OPTIONS: Mapping[str, RecipeOption] = MappingProxyType(
    {
        "pairs": RecipeOption(PairsOption, "data.pairs"),
        "low": RecipeOption(LowOption, "data.pairs"),
        "gt": RecipeOption(GtOption, "data.pairs"),
        "labels": RecipeOption(LabelsOption, "data.labels"),
        "label_root": RecipeOption(LabelRootOption, "data.label_root"),
        "vqgan": RecipeOption(VqganOption, "vqgan"),
        "semantic": RecipeOption(SemanticOption, "semantic"),
        "start": RecipeOption(StartOption, "start"),
        "degradation": RecipeOption(DegradationOption, "degradation"),
        "size": RecipeOption(SizeOption, "model"),
    }
)


def with_recipe_options(
    request: TrainingRequest,
    *,
    pairs: list[Path] | None = None,
    low: list[Path] | None = None,
    gt: list[Path] | None = None,
    **options: Value,
) -> TrainingRequest:
    """The request with the settings of a recipe's own options; None where not given.

    Raises:
        UsageError: ``--low`` and ``--gt`` were not given equally often.
    """
    if len(low or ()) != len(gt or ()):
        raise UsageError("give --low DIR and --gt DIR together, equally often")
    halves = [{"low": dark, "high": bright} for dark, bright in zip(low or (), gt or (), strict=True)]
    given = [Given("data.pairs", [*(pairs or ()), *halves] or None)]
    given += [Given(RECIPE_OPTIONS[name].setting, value) for name, value in options.items() if name != "size"]
    if "size" in options:
        given.append(Given("model", _drgn_shape(request, options["size"])))
    return request.with_given(*given)


def _drgn_shape(request: TrainingRequest, size: str | None) -> dict[str, Any] | None:
    """Settings of the DRGN network of a size; None if a file or a preset sets them."""
    if size is None and (request.config or request.preset not in (None, "lite")):
        return None
    from lowlight_cli.models.drgn.config import PRESETS

    shape: dict[str, Any] = PRESETS[size or Size.LIGHT][request.preset or "lite"].model_dump()
    return shape
