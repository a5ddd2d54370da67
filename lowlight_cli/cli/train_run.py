"""One training run, from its options to its end."""

import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import typer

from lowlight_cli.cli.global_options import settings_of
from lowlight_cli.cli.progress import say
from lowlight_cli.cli.train_options import Shared, values_of
from lowlight_cli.cli.train_progress import TrainingProgress
from lowlight_cli.cli.train_rehearse import rehearse_run
from lowlight_cli.errors import UsageError
from lowlight_cli.training.catalog import RECIPES
from lowlight_cli.training.presets import preset_of

if TYPE_CHECKING:
    from lowlight_cli.training.config import Recipe
    from lowlight_cli.training.run_folder import RunFolder

WITHOUT_PHOTOS = (
    "codeenhance",
    "drgn-degradation",
    "drgn-refinement",
    "glare-flow",
    "glare-fusion",
    "vqcnir",
)
"""What can be trained from pairs alone."""

WITH_STAGES = ("codeenhance", "glare-flow", "glare-fusion", "vqcnir")
"""What begins with weights of earlier stages."""

_AT_ONCE = 1e-9
"""Minutes after which a dry run ends: with its first step."""


def train(name: str, shared: Shared, own: dict[str, Any], *, published: str | None = None) -> None:
    """Trains with a recipe; ``published`` is the name of its preset where that is another."""
    try:
        _prepare(name, shared, own, published or name)
    except UsageError as error:
        if is_first_process():
            raise
        # All processes of a run make the same mistake; the first one tells it.
        raise typer.Exit(error.exit_code) from None


def is_first_process() -> bool:
    """Whether this process is the one that tells, by what ``torchrun`` says."""
    return os.environ.get("RANK", "0") == "0"


def _prepare(name: str, shared: Shared, own: dict[str, Any], published: str) -> None:
    from lowlight_cli.training.settings import as_toml

    options = shared.values
    recipe = chosen_recipe(name, shared, own, published)
    if options["print_config"]:
        typer.echo(as_toml(recipe), nl=False)
        return
    recipe = ready(name, recipe)
    settled = settings_of(shared.context)
    settled = settled if is_first_process() else replace(settled, quiet=True)
    with ExitStack() as stack:
        if options["rehearse"]:
            progress = stack.enter_context(TrainingProgress(settled))
            rehearse_run(name, recipe, progress, quiet=settled.quiet)
            return
        if options["dry_run"]:
            recipe = _one_step_of(recipe)
            options["out"] = Path(stack.enter_context(TemporaryDirectory(prefix="lle-dry-run-")))
        progress = stack.enter_context(TrainingProgress(settled))
        _run(name, recipe, options["out"], progress)
    if options["dry_run"]:
        say("dry run: one step was taken, and nothing was kept", quiet=settled.quiet)


def chosen_recipe(name: str, shared: Shared, own: dict[str, Any], published: str) -> "Recipe":
    """Settings of a recipe from preset, file, options and assignments.

    Args:
        name: Of the recipe.
        shared: Options that all commands have.
        own: Settings from further options, by dotted name.
        published: Name of the recipe's preset.

    Raises:
        UsageError: One of them makes no sense.
    """
    from lowlight_cli.training.settings import merged

    options = shared.values
    settings = RECIPES[name].settings_class()
    start = preset_of(published, options["preset"])
    values = values_of(shared) | own
    return merged(settings, options["config"], values, options["settings"] or (), start=start)


def ready(name: str, recipe: "Recipe") -> "Recipe":
    """The same settings with all that a run needs: pictures, and earlier stages where some ship.

    Raises:
        UsageError: There is nothing to train on, only what is for tests, or no earlier stage.
        WeightsError: A data set or weights are missing.
    """
    from lowlight_cli.training.dataset_sources import with_datasets

    data = with_datasets(recipe.data, paired=name in WITHOUT_PHOTOS)
    recipe = recipe.model_copy(update={"data": data})
    if name in WITH_STAGES:
        recipe = _with_shipped_stages(recipe)
    if not (recipe.data.photos or (name in WITHOUT_PHOTOS and recipe.data.pairs)):
        raise UsageError("no photos to train on: give --data FOLDER or --dataset NAME")
    return recipe


def _one_step_of(recipe: "Recipe") -> "Recipe":
    update = {"limit_minutes": _AT_ONCE, "schedule": "steps", "resume": "none", "journal_every": 1}
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
    from lowlight_cli.device import choose_device, choose_precision
    from lowlight_cli.pipeline.signals import SIGNAL_BASE, Stopped
    from lowlight_cli.training.distributed import device_of_process, joined, world_size
    from lowlight_cli.training.run_folder import RunFolder

    device = choose_device(device_of_process(recipe.run.device))
    choose_precision(recipe.run.precision, device)  # an impossible one ends the run before it leaves a folder
    with joined(device):
        folder = RunFolder(out, recipe, progress.say, progress.watch)
        together = f", {world_size()} processes together" if world_size() > 1 else ""
        folder.log(f"training {name} on {device} into {out}{together}")
        if hint := rehearsal_hint(device.type, out):
            folder.log(hint)
        try:
            with folder.stop.watched():
                weights = RECIPES[name].run()(recipe, folder, device=device)
        except Stopped as stop:
            folder.log("stopped before the first step")
            raise typer.Exit(SIGNAL_BASE + stop.number) from None
        folder.log(f"weights: {weights}")
        _tell_ending(recipe, folder)


def rehearsal_hint(device: str, out: Path) -> str | None:
    """What to say before a new run on a GPU; None elsewhere.

    Args:
        device: Type of the device.
        out: The run folder.
    """
    if device != "cuda" or (out / "ckpt" / "last.pt").exists():
        return None
    return "hint: --rehearse takes 300 steps of these settings on the CPU and says whether they hold"


def _tell_ending(recipe: "Recipe", folder: "RunFolder") -> None:
    """Says why a run ended where that was not its last step.

    Raises:
        typer.Exit: A signal ended it.
    """
    from lowlight_cli.pipeline.signals import SIGNAL_BASE

    match folder.run_state.ending:
        case "limit" if recipe.run.schedule == "clock":
            folder.log("the time of the schedule is over; a longer --limit-minutes goes on")
        case "limit" if recipe.run.limit_minutes != _AT_ONCE:
            folder.log("stopped at the time limit; the same command goes on")
        case "no improvement":
            folder.log(f"stopped early: {recipe.run.early_stop} validations brought nothing better")
        case "signal":
            folder.log("stopped by a signal; all is saved, and the same command goes on")
            raise typer.Exit(SIGNAL_BASE + (folder.stop.number or 0))
