"""Runs one training from its options to its end, a dry run of it, or a rehearsal."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import typer

from lowlight_cli.cli.global_options import GlobalSettings, settings_of
from lowlight_cli.cli.progress import say, shown
from lowlight_cli.cli.train_progress import TrainingProgress
from lowlight_cli.cli.train_request import TrainingRequest
from lowlight_cli.cli.train_summary import cache_lines, next_step, summary_lines
from lowlight_cli.counted import counted
from lowlight_cli.errors import DivergedError, UsageError
from lowlight_cli.training.catalog import RECIPES
from lowlight_cli.training.presets import preset_of

if TYPE_CHECKING:
    import torch

    from lowlight_cli.training.config import Recipe
    from lowlight_cli.training.rehearsal import Rehearsal
    from lowlight_cli.training.run_folder import RunFolder


def train(name: str, request: TrainingRequest, *, preset_name: str | None = None) -> None:
    """Trains with a recipe.

    Args:
        name: Name of the recipe.
        request: What the options ask for.
        preset_name: Name of the recipe in the presets, if it has another one there.
    """
    try:
        _train(name, request, preset_name or name)
    except UsageError as error:
        if is_first_process():
            raise
        # All processes of a run make the same mistake; only the first one reports it.
        raise typer.Exit(error.exit_code) from None


def is_first_process() -> bool:
    """Whether this process prints, according to ``torchrun``."""
    return os.environ.get("RANK", "0") == "0"


def _train(name: str, request: TrainingRequest, preset_name: str) -> None:
    from lowlight_cli.training.settings import as_commented_toml

    recipe = chosen_recipe(name, request, preset_name)
    if request.print_config:
        typer.echo(as_commented_toml(recipe), nl=False)
        return
    out = None if request.rehearse or request.dry_run else run_folder_of(request)
    recipe = ready(name, recipe, out)
    settings = settings_of(request.context)
    settings = settings if is_first_process() else replace(settings, quiet=True)
    if request.rehearse:
        rehearse_run(name, recipe, settings)
    elif out is None:
        with TemporaryDirectory(prefix="lle-dry-run-") as place:
            _run(name, _without_limits(recipe), Path(place), settings, dry_run=True)
        say("dry run: took one step; nothing was kept", quiet=settings.quiet)
    else:
        command = next_step(preset_name, recipe, request)
        _run(name, _with_split(recipe, out), out, settings, command=command)


def run_folder_of(request: TrainingRequest) -> Path:
    """The run folder that was given.

    Raises:
        UsageError: None was.
    """
    if request.out is None:
        raise UsageError("no run folder given; add --out DIR")
    return request.out


def chosen_recipe(name: str, request: TrainingRequest, preset_name: str) -> "Recipe":
    """Settings of a recipe from its preset, a file, options and assignments.

    Args:
        name: Name of the recipe.
        request: What the options ask for.
        preset_name: Name of the recipe in the presets.

    Raises:
        UsageError: One of them is wrong.
    """
    from lowlight_cli.checkpoints.locate import shipped_folder
    from lowlight_cli.models.catalog import MODELS
    from lowlight_cli.training.settings import merged

    entry = RECIPES[name]
    start = preset_of(preset_name, request.preset)
    if entry.shipped_start is not None:
        start["start"] = shipped_folder() / MODELS[entry.shipped_start].weights["lite"].file
    given = {setting: value for setting, value in request.given if value is not None}
    return merged(entry.settings_class(), request.config, given, request.assignments, start=start)


def ready(name: str, recipe: "Recipe", out: Path | None = None) -> "Recipe":
    """The same settings with the folders of datasets, and with shipped weights of earlier stages.

    Args:
        name: Name of the recipe.
        recipe: Settings of the run.
        out: Run folder; None if nothing is kept.

    Raises:
        UsageError: There is nothing to train on, a folder is missing, holds a test or is the run folder, or
            weights of a stage are missing.
        SettingsError: A name in ``data.held_out`` or ``data.cast`` is that of no image.
        WeightsError: A dataset or shipped weights are missing, or weights of a stage are of another size.
    """
    from lowlight_cli.training.data_checks import check_data, check_out
    from lowlight_cli.training.dataset_sources import with_datasets

    entry = RECIPES[name]
    data = with_datasets(recipe.data, paired=entry.takes_pairs)
    recipe = recipe.model_copy(update={"data": data})
    degradation = dict(recipe).get("degradation")
    if degradation is not None:
        from lowlight_cli.training.drgn import require_same_size

        require_same_size(dict(recipe)["model"], degradation)
    if entry.shipped_stages:
        recipe = _with_shipped_stages(recipe, entry.shipped_stages)
    if not (recipe.data.photos or (entry.takes_pairs and recipe.data.pairs)):
        pairs = " or --pairs FOLDER" if entry.takes_pairs else ""
        raise UsageError(f"nothing to train on: add --data FOLDER, --dataset NAME{pairs}")
    check_data(recipe.data, paired=entry.takes_pairs)
    if out is not None:
        check_out(recipe.data, out)
    return recipe


def _with_split(recipe: "Recipe", out: Path) -> "Recipe":
    """The same settings with the split into training and validation that the run began with."""
    from lowlight_cli.training.settings import resumes_in, with_recorded_split
    from lowlight_cli.training.validation_split import split_of_run

    recipe = with_recorded_split(recipe, out)
    split = split_of_run(recipe.data, out, resumes=resumes_in(recipe, out))
    return recipe.model_copy(update={"data": recipe.data.with_split(split)})


def _without_limits(recipe: "Recipe") -> "Recipe":
    update = {"limit_minutes": None, "schedule": "steps", "resume": "none", "journal_every": 1}
    return recipe.model_copy(update={"run": recipe.run.model_copy(update=update)})


def _with_shipped_stages(recipe: "Recipe", stages: tuple[str, ...]) -> "Recipe":
    from lowlight_cli.checkpoints.load import whole_weights
    from lowlight_cli.models.catalog import MODELS

    values = dict(recipe)
    missing = [stage for stage in stages if values[stage] is None]
    lite = MODELS["codeenhance"].presets["lite"]
    if any(getattr(values["model"], stage) != getattr(lite, stage) for stage in missing):
        options = " and ".join(f"--{stage} FILE" for stage in missing)
        raise UsageError(f"no weights ship for a network of this shape: add {options}")
    shipped = MODELS["codeenhance"].stages
    return recipe.model_copy(update={stage: whole_weights(shipped[stage]) for stage in missing})


def _run(
    name: str,
    recipe: "Recipe",
    out: Path,
    settings: GlobalSettings,
    *,
    command: str = "",
    dry_run: bool = False,
) -> None:
    from lowlight_cli.device import choose_precision, choose_training_device
    from lowlight_cli.pipeline.signals import SIGNAL_BASE, Stopped
    from lowlight_cli.training.distributed import device_of_process, joined
    from lowlight_cli.training.run_folder import RunFolder

    device = choose_training_device(device_of_process(recipe.run.device))
    choose_precision(recipe.run.precision, device)  # fails early if the device does not have it
    opening = partial(_opening, name, recipe, device, None if dry_run else out)
    with TrainingProgress(settings) as progress, joined(device):
        detailed = settings.verbose > 0
        folder = RunFolder(
            out, recipe, progress.say, progress.draw, opening=opening, dry_run=dry_run, detailed=detailed
        )
        try:
            with folder.running():
                weights = RECIPES[name].run()(recipe, folder, device=device)
        except Stopped as stop:
            folder.log("stopped before the first step")
            raise typer.Exit(SIGNAL_BASE + stop.number) from None
        if not dry_run and is_first_process():
            was_stopped = folder.run_state.ending == "signal"
            for line in summary_lines(out, weights, None if was_stopped else command):
                folder.log(line)
        _log_ending(recipe, folder)


def _opening(name: str, recipe: "Recipe", device: "torch.device", out: Path | None) -> list[str]:
    """Records the images of a run, and returns its first messages; ``out`` is None for a dry run."""
    from lowlight_cli.training.distributed import world_size
    from lowlight_cli.training.run_files import write_whole
    from lowlight_cli.training.split_record import SPLIT_FILE

    if out is not None and recipe.data.split is not None and is_first_process():
        write_whole(out / SPLIT_FILE, recipe.data.split.text().encode())
    together = f", {counted(world_size(), 'process', 'processes')}" if world_size() > 1 else ""
    place = "" if out is None else f" into {shown(out)}"
    hint = None if out is None else rehearsal_hint(device.type, out)
    lines = [f"training {name} on {device}{place}{together}", *cache_lines(recipe.data)]
    return [*lines, hint] if hint else lines


def rehearsal_hint(device: str, out: Path) -> str | None:
    """The hint for a new run on a GPU; None for other runs.

    Args:
        device: Type of the device.
        out: The run folder.
    """
    if device != "cuda" or (out / "ckpt" / "last.pt").exists():
        return None
    return "hint: --rehearse takes 300 steps with these settings on the CPU and reports problems"


def _log_ending(recipe: "Recipe", folder: "RunFolder") -> None:
    """Logs why a run ended before its last step.

    Raises:
        typer.Exit: A signal ended it.
    """
    from lowlight_cli.pipeline.signals import SIGNAL_BASE

    match folder.run_state.ending:
        case "limit" if recipe.run.schedule == "clock":
            folder.log("the time of the schedule is over; run again with a longer --limit-minutes to go on")
        case "limit":
            folder.log("stopped at the time limit; run the same command to resume")
        case "no improvement":
            folder.log(f"stopped early: no improvement in {recipe.run.early_stop} validations")
        case "signal":
            folder.log("stopped; progress saved. Run the same command to resume")
            raise typer.Exit(SIGNAL_BASE + (folder.stop.number or 0))


def rehearse_run(name: str, recipe: "Recipe", settings: GlobalSettings) -> None:
    """Rehearses a run and prints the result.

    Args:
        name: Name of the recipe.
        recipe: Settings of the run.
        settings: Global options.

    Raises:
        DivergedError: The rehearsal failed.
        typer.Exit: A signal came.
    """
    from lowlight_cli.pipeline.signals import SIGNAL_BASE, Stopped
    from lowlight_cli.training.rehearsal import rehearse, rehearsed

    run, quiet = rehearsed(recipe).run, settings.quiet
    size = f"{counted(run.batch_size, 'crop')} of {run.crop} pixels a step"
    say(f"rehearsing {name} on the CPU in {run.precision}, {size}", quiet=quiet)
    try:
        with TrainingProgress(settings) as progress:
            found = rehearse(recipe, RECIPES[name].run(), on_message=progress.say, on_step=progress.draw)
    except Stopped as stop:
        raise typer.Exit(SIGNAL_BASE + stop.number) from None
    for line in rehearsal_lines(found):
        say(line, quiet=quiet)
    if found.problems:
        raise DivergedError(f"rehearsal failed: {'; '.join(found.problems)}")
    say("rehearsal passed; nothing was kept", quiet=quiet)


def rehearsal_lines(found: "Rehearsal") -> list[str]:
    """The figures of a rehearsal as lines of text."""
    lines = [f"steps: {found.steps} of {found.step_seconds:.3g} s, {found.skipped} skipped"]
    if found.first_loss is not None and found.last_loss is not None:
        lines.append(f"loss: {found.first_loss:.4g} in the first third, {found.last_loss:.4g} in the last")
    if found.steepest is not None:
        lines.append(f"gradient norm: at most {found.steepest:.3g} times its median")
    if found.score is not None:
        name, value = found.score
        lines.append(f"validation: {name} {value:.4g}")
    return lines
