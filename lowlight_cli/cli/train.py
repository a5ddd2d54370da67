"""``lle train``: one command for each recipe of the catalog, and those for models with several stages."""

from collections.abc import Callable
from enum import StrEnum
from inspect import Parameter, Signature, cleandoc
from typing import Annotated

import typer

from lowlight_cli.cli.global_options import Value
from lowlight_cli.cli.recipe_options import (
    RECIPE_OPTIONS,
    GtOption,
    LowOption,
    PairsOption,
    StartOption,
    VqganOption,
    with_recipe_options,
)
from lowlight_cli.cli.train_ablate import ablate
from lowlight_cli.cli.train_bench import bench
from lowlight_cli.cli.train_options import DATA, KEEPING, SWITCHES, with_shared_options
from lowlight_cli.cli.train_request import TrainingRequest
from lowlight_cli.cli.train_run import train
from lowlight_cli.errors import UsageError
from lowlight_cli.training.ablation import ABLATIONS
from lowlight_cli.training.catalog import RECIPES, RecipeEntry

app = typer.Typer(help="Train a model on folders of images.", no_args_is_help=True)


def command_of(entry: RecipeEntry) -> Callable[..., None]:
    """The command that runs a recipe, with the options that its catalog entry names."""

    def command(request: TrainingRequest, **options: Value) -> None:
        train(entry.name, with_recipe_options(request, **options))

    parameters = [Parameter("request", Parameter.POSITIONAL_OR_KEYWORD, annotation=TrainingRequest)]
    parameters += [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=RECIPE_OPTIONS[name].annotation)
        for name in entry.options
    ]
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    command.__doc__ = cleandoc(entry.help)
    return with_shared_options(command, {entry.name: entry.name})


for _entry in RECIPES.values():
    if _entry.help:
        app.command(_entry.name)(command_of(_entry))

StageOption = Annotated[
    int,
    typer.Option(min=1, max=3, help="1: codebook, 2: flow, 3: fusion decoder.", rich_help_panel=DATA),
]


def glare(
    request: TrainingRequest,
    stage: StageOption,
    pairs: PairsOption = None,
    low: LowOption = None,
    gt: GtOption = None,
    vqgan: VqganOption = None,
    start: StartOption = None,
) -> None:
    """Train a stage of GLARE: codebook, flow or fusion.

    Stage 3 starts from the weights of stage 2.

    \b
    Example:
      lle train glare --stage 3 --data photos --pairs pairs \\
        --start runs/flow/glare.safetensors --out runs/glare
    """  # noqa: D301 - \b keeps the lines of the example
    if stage == 1:
        _refuse_given("stages 2 and 3", pairs=pairs, low=low, gt=gt, vqgan=vqgan, start=start)
        train("vqgan", request, preset_name="glare-vqgan")
        return
    if stage == 3 and start is None and not request.print_config:
        raise UsageError("stage 3 starts from the weights of stage 2: add --start FILE")
    name = "glare-flow" if stage == 2 else "glare-fusion"
    train(name, with_recipe_options(request, pairs=pairs, low=low, gt=gt, vqgan=vqgan, start=start))


class Phase(StrEnum):
    """Phases of VQCNIR."""

    HQ = "hq"
    LQ = "lq"


PhaseOption = Annotated[
    Phase, typer.Option(help="hq: codebook of sharp images; lq: restoration.", rich_help_panel=DATA)
]


def vqcnir(
    request: TrainingRequest,
    phase: PhaseOption = Phase.LQ,
    pairs: PairsOption = None,
    low: LowOption = None,
    gt: GtOption = None,
    vqgan: VqganOption = None,
    start: StartOption = None,
) -> None:
    """Train a phase of VQCNIR: dark, blurred images.

    \b
    Example:
      lle train vqcnir --data photos --pairs pairs --out runs/vqcnir
    """  # noqa: D301 - \b keeps the lines of the example
    if phase is Phase.HQ:
        _refuse_given("phase lq", pairs=pairs, low=low, gt=gt, vqgan=vqgan, start=start)
        train("vqgan", request, preset_name="vqcnir-vqgan")
        return
    train("vqcnir", with_recipe_options(request, pairs=pairs, low=low, gt=gt, vqgan=vqgan, start=start))


def _refuse_given(use: str, **options: object) -> None:
    given = [name for name, value in options.items() if value]
    if given:
        raise UsageError(f"--{given[0]} is only for {use}")


_STAGES = {"stage 1": "vqgan", "stage 2": "glare-flow", "stage 3": "glare-fusion"}
_PHASES = {"lq": "vqcnir", "hq": "vqgan"}

app.command()(with_shared_options(glare, _STAGES))
app.command()(with_shared_options(vqcnir, _PHASES))
app.command()(with_shared_options(ablate, {name: name for name in ABLATIONS}, without=SWITCHES))
app.command()(
    with_shared_options(bench, {name: name for name in RECIPES}, without=(*SWITCHES, "out"), hidden=KEEPING)
)
