"""``lle train``: one subcommand for each recipe."""

import os
from contextlib import ExitStack
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lowlight_cli.cli.global_options import settings_of
from lowlight_cli.cli.progress import say
from lowlight_cli.cli.train_options import DATA, LENGTH, Shared, values_of, with_shared_options
from lowlight_cli.cli.train_progress import TrainingProgress
from lowlight_cli.errors import UsageError
from lowlight_cli.training.catalog import RECIPES
from lowlight_cli.training.presets import preset_of

if TYPE_CHECKING:
    from lowlight_cli.training.config import Recipe
    from lowlight_cli.training.run_folder import RunFolder

app = typer.Typer(help="Train a model from folders of pictures.", no_args_is_help=True)

WITHOUT_PHOTOS = ("codeenhance", "drgn-degradation", "drgn-refinement", "glare-flow", "glare-fusion")
"""What can be trained from pairs alone."""

_AT_ONCE = 1e-9
"""Minutes after which a dry run ends: with its first step."""

PairsOption = Annotated[
    list[Path] | None,
    typer.Option(
        help="Folder with `low` and `high`, equal names in both; may be given again.", rich_help_panel=DATA
    ),
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
DegradationOption = Annotated[
    Path | None, typer.Option(help="Weights of the first stage, of the same size.", rich_help_panel=DATA)
]


StageOption = Annotated[
    int, typer.Option(min=1, max=3, help="1 codebook, 2 flow, 3 fusing decoder.", rich_help_panel=DATA)
]
StartOption = Annotated[
    Path | None, typer.Option(help="Weights of GLARE to start from.", rich_help_panel=DATA)
]


class Size(StrEnum):
    """Networks of DRGN."""

    DRGN = "drgn"
    LIGHT = "lw-drgn"


SizeOption = Annotated[
    Size | None,
    typer.Option(help="Network to train.", rich_help_panel=LENGTH, show_default="lw-drgn; drgn for paper"),
]


@app.command()
@with_shared_options
def semantic(shared: Shared, labels: LabelsOption = None, label_root: LabelRootOption = None) -> None:
    """Train the compact semantic network on photos with class maps.

    Example:  lle train semantic --data photos --labels maps --label-root photos --out runs/semantic
    """
    _train("semantic", shared, {"data.labels": labels, "data.label_root": label_root})


@app.command()
@with_shared_options
def vqgan(shared: Shared) -> None:
    """Train stage I: a codebook and a decoder of well-lit photos.

    Example:  lle train vqgan --data photos --out runs/vqgan
    """
    _train("vqgan", shared, {})


@app.command()
@with_shared_options
def codeenhance(
    shared: Shared, pairs: PairsOption = None, vqgan: VqganOption = None, semantic: SemanticOption = None
) -> None:
    """Train stage II: the enhancement, from darkened photos and real pairs.

    Example:  lle train codeenhance --data photos --pairs pairs --vqgan runs/vqgan/vqgan.safetensors
    --semantic runs/semantic/semantic.safetensors --out runs/codeenhance
    """
    _train("codeenhance", shared, {"data.pairs": pairs, "vqgan": vqgan, "semantic": semantic})


@app.command()
@with_shared_options
def glare(
    shared: Shared,
    stage: StageOption,
    pairs: PairsOption = None,
    vqgan: VqganOption = None,
    start: StartOption = None,
) -> None:
    """Train a stage of GLARE; the third starts from what the second made.

    Example:  lle train glare --stage 3 --data photos --pairs pairs --start runs/flow/glare.safetensors
    --out runs/glare
    """
    if stage == 1:
        given = [name for name, value in (("pairs", pairs), ("vqgan", vqgan), ("start", start)) if value]
        if given:
            raise UsageError(f"--{given[0]} is for stage 2 and 3")
        _train("vqgan", shared, {}, published="glare-vqgan")
        return
    if stage == 3 and start is None and not shared.values["print_config"]:
        raise UsageError("stage 3 starts from what stage 2 made: give --start FILE")
    name = "glare-flow" if stage == 2 else "glare-fusion"
    _train(name, shared, {"data.pairs": pairs, "vqgan": vqgan, "start": start})


@app.command()
@with_shared_options
def drgn_degradation(shared: Shared, size: SizeOption = None, pairs: PairsOption = None) -> None:
    """Train the first stage of DRGN: what darkness adds to a picture.

    Example:  lle train drgn-degradation --data photos --pairs pairs --out runs/degradation
    """
    _train("drgn-degradation", shared, {"model": _drgn_shape(shared, size), "data.pairs": pairs})


@app.command()
@with_shared_options
def drgn_refinement(
    shared: Shared,
    size: SizeOption = None,
    pairs: PairsOption = None,
    degradation: DegradationOption = None,
) -> None:
    """Train the second stage of DRGN: the picture without its degradation.

    Example:  lle train drgn-refinement --data photos --pairs pairs
    --degradation runs/degradation/drgn-degradation.safetensors --out runs/refinement
    """
    model = _drgn_shape(shared, size)
    own = {"model": model, "data.pairs": pairs, "degradation": degradation}
    _train("drgn-refinement", shared, own)


def _drgn_shape(shared: Shared, size: str | None) -> dict[str, Any] | None:
    """Settings of the network of that size; None where a file or a preset says which."""
    preset, file = shared.values["preset"], shared.values["config"]
    if size is None and (file or preset not in (None, "lite")):
        return None
    from lowlight_cli.models.drgn.config import PRESETS

    shape: dict[str, Any] = PRESETS[size or Size.LIGHT][preset or "lite"].model_dump()
    return shape


def _train(name: str, shared: Shared, own: dict[str, Any], *, published: str | None = None) -> None:
    """Trains with a recipe; ``published`` is the name of its preset where that is another."""
    try:
        _prepare(name, shared, own, published or name)
    except UsageError as error:
        if _is_first():
            raise
        # All processes of a run make the same mistake; the first one tells it.
        raise typer.Exit(error.exit_code) from None


def _is_first() -> bool:
    return os.environ.get("RANK", "0") == "0"


def _prepare(name: str, shared: Shared, own: dict[str, Any], published: str) -> None:
    from lowlight_cli.training.settings import merged
    from lowlight_cli.training.toml_text import toml_text

    options = shared.values
    settings = RECIPES[name].settings_class()
    start = preset_of(published, options["preset"])
    values = values_of(shared) | own
    recipe = merged(settings, options["config"], values, options["settings"] or (), start=start)
    if options["print_config"]:
        typer.echo(toml_text(recipe.model_dump(mode="json")), nl=False)
        return
    if name in ("codeenhance", "glare-flow", "glare-fusion"):
        recipe = _with_shipped_stages(recipe)
    if not (recipe.data.photos or (name in WITHOUT_PHOTOS and recipe.data.pairs)):
        raise UsageError("no photos to train on: give --data FOLDER")
    settled = settings_of(shared.context)
    settled = settled if _is_first() else replace(settled, quiet=True)
    with ExitStack() as stack:
        if options["dry_run"]:
            recipe = _one_step_of(recipe)
            options["out"] = Path(stack.enter_context(TemporaryDirectory(prefix="lle-dry-run-")))
        progress = stack.enter_context(TrainingProgress(settled))
        _run(name, recipe, options["out"], progress)
    if options["dry_run"]:
        say("dry run: one step was taken, and nothing was kept", quiet=settled.quiet)


def _one_step_of(recipe: "Recipe") -> "Recipe":
    update = {"limit_minutes": _AT_ONCE, "resume": "none", "journal_every": 1}
    return recipe.model_copy(update={"run": recipe.run.model_copy(update=update)})


def _with_shipped_stages(recipe: "Recipe") -> "Recipe":
    """Settings of a later stage with the earlier ones that ship, where none were given and they fit."""
    from lowlight_cli.checkpoints.load import whole_weights
    from lowlight_cli.models.catalog import MODELS

    values = dict(recipe)
    missing = [stage for stage in ("vqgan", "semantic") if values.get(stage, "none needed") is None]
    lite = MODELS["codeenhance"].presets["lite"]
    if any(getattr(values["model"], stage) != getattr(lite, stage) for stage in missing):
        options = " and ".join(f"--{stage} FILE" for stage in missing)
        raise UsageError(f"no weights ship for a network of this shape: give {options}")
    stages = MODELS["codeenhance"].stages
    return recipe.model_copy(update={stage: whole_weights(stages[stage]) for stage in missing})


def _run(name: str, recipe: "Recipe", out: Path, progress: TrainingProgress) -> None:
    from lowlight_cli.device import choose_device
    from lowlight_cli.inference.interruption import SIGNAL_BASE, Stopped
    from lowlight_cli.training.processes import device_of_process, joined, ranks
    from lowlight_cli.training.run_folder import RunFolder

    device = choose_device(device_of_process(recipe.run.device))
    with joined(device):
        folder = RunFolder(out, recipe, progress.say, progress.watch)
        together = f", {ranks()} processes together" if ranks() > 1 else ""
        folder.tell(f"training {name} on {device} into {out}{together}")
        try:
            with folder.stop.watched():
                weights = RECIPES[name].run()(recipe, folder, device=device)
        except Stopped as stop:
            folder.tell("stopped before the first step")
            raise typer.Exit(SIGNAL_BASE + stop.number) from None
        folder.tell(f"weights: {weights}")
        _tell_ending(recipe, folder)


def _tell_ending(recipe: "Recipe", folder: "RunFolder") -> None:
    """Says why a run ended where that was not its last step.

    Raises:
        typer.Exit: A signal ended it.
    """
    from lowlight_cli.inference.interruption import SIGNAL_BASE

    match folder.course.ending:
        case "limit" if recipe.run.limit_minutes != _AT_ONCE:
            folder.tell("stopped at the time limit; the same command goes on")
        case "no improvement":
            folder.tell(f"stopped early: {recipe.run.early_stop} validations brought nothing better")
        case "signal":
            folder.tell("stopped by a signal; all is saved, and the same command goes on")
            raise typer.Exit(SIGNAL_BASE + (folder.stop.number or 0))
