"""``lle train``: one subcommand for each recipe."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lowlight_cli.cli.global_options import settings_of
from lowlight_cli.cli.progress import say
from lowlight_cli.errors import UsageError
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.training.catalog import RECIPES

if TYPE_CHECKING:
    from lowlight_cli.training.config import Recipe

app = typer.Typer(help="Train a model from folders of pictures.", no_args_is_help=True)

DATA, LENGTH, OTHER = "Data", "Length and size", "Settings"

PhotosOption = Annotated[
    list[Path] | None,
    typer.Option("--data", help="Folder of well-lit photos; may be given again.", rich_help_panel=DATA),
]
PairsOption = Annotated[
    Path | None,
    typer.Option(help="Folder with `low` and `high`, equal names in both.", rich_help_panel=DATA),
]
LabelsOption = Annotated[
    Path | None,
    typer.Option(help="Class maps: LABELS/<photo relative to --label-root>.png.", rich_help_panel=DATA),
]
LabelRootOption = Annotated[
    Path | None, typer.Option(help="Folder that the class maps' names start from.", rich_help_panel=DATA)
]
VqganOption = Annotated[
    Path | None, typer.Option(help="Weights of stage I; those that ship if not given.", rich_help_panel=DATA)
]
SemanticOption = Annotated[
    Path | None,
    typer.Option(help="Weights of the semantic network; those that ship if not given.", rich_help_panel=DATA),
]
OutOption = Annotated[Path, typer.Option("--out", "-o", help="Run folder; an unfinished run goes on.")]
StepsOption = Annotated[
    int | None, typer.Option("--max-steps", min=1, help="Steps in all.", rich_help_panel=LENGTH)
]
MinutesOption = Annotated[
    float | None,
    typer.Option("--limit-minutes", help="Save and stop after this time.", rich_help_panel=LENGTH),
]
BatchOption = Annotated[
    int | None, typer.Option("--batch-size", min=1, help="Crops per step.", rich_help_panel=LENGTH)
]
CropOption = Annotated[int | None, typer.Option(min=32, help="Side of a crop.", rich_help_panel=LENGTH)]
RateOption = Annotated[
    float | None, typer.Option("--lr", help="Highest learning rate.", rich_help_panel=OTHER)
]
SeedOption = Annotated[int | None, typer.Option(min=0, help="Seed of chance.", rich_help_panel=OTHER)]
DeviceOption = Annotated[
    str | None, typer.Option(help="auto, cpu, cuda or cuda:N.", envvar="LLE_DEVICE", rich_help_panel=OTHER)
]
PrecisionOption = Annotated[
    str | None, typer.Option(help="auto, fp32 or bf16.", envvar="LLE_PRECISION", rich_help_panel=OTHER)
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="TOML file of settings.", rich_help_panel=OTHER)
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="One setting; may be given again.", rich_help_panel=OTHER
    ),
]
ResumeOption = Annotated[
    str | None,
    typer.Option(
        metavar="auto|none|PATH",
        help="Go on from the run folder's last checkpoint, start over, or go on from a checkpoint.",
        show_default="auto",
        rich_help_panel=OTHER,
    ),
]
PrintConfigOption = Annotated[
    bool, typer.Option("--print-config", help="Print all settings and stop.", rich_help_panel=OTHER)
]


@app.command()
def semantic(
    context: typer.Context,
    out: OutOption,
    data: PhotosOption = None,
    labels: LabelsOption = None,
    label_root: LabelRootOption = None,
    max_steps: StepsOption = None,
    limit_minutes: MinutesOption = None,
    batch_size: BatchOption = None,
    crop: CropOption = None,
    learning_rate: RateOption = None,
    seed: SeedOption = None,
    device: DeviceOption = None,
    precision: PrecisionOption = None,
    config: ConfigOption = None,
    settings: SetOption = None,
    resume: ResumeOption = None,
    print_config: PrintConfigOption = False,
) -> None:
    """Train the compact semantic network on photos with class maps.

    Example:  lle train semantic --data photos --labels maps --label-root photos --out runs/semantic
    """
    _train("semantic", locals(), {})


@app.command()
def vqgan(
    context: typer.Context,
    out: OutOption,
    data: PhotosOption = None,
    max_steps: StepsOption = None,
    limit_minutes: MinutesOption = None,
    batch_size: BatchOption = None,
    crop: CropOption = None,
    learning_rate: RateOption = None,
    seed: SeedOption = None,
    device: DeviceOption = None,
    precision: PrecisionOption = None,
    config: ConfigOption = None,
    settings: SetOption = None,
    resume: ResumeOption = None,
    print_config: PrintConfigOption = False,
) -> None:
    """Train stage I: a codebook and a decoder of well-lit photos.

    Example:  lle train vqgan --data photos --out runs/vqgan
    """
    _train("vqgan", locals(), {})


@app.command()
def codeenhance(
    context: typer.Context,
    out: OutOption,
    data: PhotosOption = None,
    pairs: PairsOption = None,
    vqgan: VqganOption = None,
    semantic: SemanticOption = None,
    max_steps: StepsOption = None,
    limit_minutes: MinutesOption = None,
    batch_size: BatchOption = None,
    crop: CropOption = None,
    learning_rate: RateOption = None,
    seed: SeedOption = None,
    device: DeviceOption = None,
    precision: PrecisionOption = None,
    config: ConfigOption = None,
    settings: SetOption = None,
    resume: ResumeOption = None,
    print_config: PrintConfigOption = False,
) -> None:
    """Train stage II: the enhancement, from darkened photos and real pairs.

    Example:  lle train codeenhance --data photos --pairs pairs --vqgan runs/vqgan/vqgan.safetensors
    --semantic runs/semantic/semantic.safetensors --out runs/codeenhance
    """
    stages = {"vqgan": vqgan or _shipped("vqgan"), "semantic": semantic or _shipped("semantic")}
    _train("codeenhance", locals(), stages)


def _shipped(stage: str) -> Path:
    from lowlight_cli.checkpoints.load import whole_weights

    return whole_weights(MODELS["codeenhance"].stages[stage])


def _train(name: str, options: dict[str, Any], own: dict[str, Any]) -> None:
    from lowlight_cli.training.settings import merged

    entry = RECIPES[name]
    values = _shared_values(options) | own
    recipe = merged(entry.settings_class(), options["config"], values, options["settings"] or ())
    if options["print_config"]:
        from lowlight_cli.training.toml_text import toml_text

        typer.echo(toml_text(recipe.model_dump(mode="json")), nl=False)
        return
    if not recipe.data.photos:
        raise UsageError("no photos to train on: give --data FOLDER")
    _run(name, recipe, options["out"], quiet=settings_of(options["context"]).quiet)


def _shared_values(options: dict[str, Any]) -> dict[str, Any]:
    keys = {
        "data": "data.photos",
        "pairs": "data.pairs",
        "labels": "data.labels",
        "label_root": "data.label_root",
        "max_steps": "run.steps",
        "limit_minutes": "run.limit_minutes",
        "batch_size": "run.batch_size",
        "crop": "run.crop",
        "learning_rate": "optimizer.learning_rate",
        "seed": "run.seed",
        "device": "run.device",
        "precision": "run.precision",
        "resume": "run.resume",
    }
    return {key: options[name] for name, key in keys.items() if options.get(name) is not None}


def _run(name: str, recipe: "Recipe", out: Path, *, quiet: bool) -> None:
    from lowlight_cli.device import choose_device
    from lowlight_cli.inference.interruption import SIGNAL_BASE, Stopped
    from lowlight_cli.training.run_folder import RunFolder

    device = choose_device(recipe.run.device)
    folder = RunFolder(out, recipe, partial(say, quiet=quiet))
    folder.tell(f"training {name} on {device} into {out}")
    try:
        with folder.stop.watched():
            weights = RECIPES[name].run()(recipe, folder, device=device)
    except Stopped as stop:
        folder.tell("stopped before the first step")
        raise typer.Exit(SIGNAL_BASE + stop.number) from None
    folder.tell(f"weights: {weights}")
    match folder.course.ending:
        case "limit":
            folder.tell("stopped at the time limit; the same command goes on")
        case "no improvement":
            folder.tell(f"stopped early: {recipe.run.early_stop} validations brought nothing better")
        case "signal":
            folder.tell("stopped by a signal; all is saved, and the same command goes on")
            raise typer.Exit(SIGNAL_BASE + (folder.stop.number or 0))
