"""``lle train ... --rehearse``: whether the settings of a run hold, said before a card is used."""

from typing import TYPE_CHECKING

import typer

from lowlight_cli.cli.progress import say
from lowlight_cli.cli.train_progress import TrainingProgress
from lowlight_cli.errors import DivergedError
from lowlight_cli.training.catalog import RECIPES

if TYPE_CHECKING:
    from lowlight_cli.training.config import Recipe
    from lowlight_cli.training.rehearsal import Rehearsal


def rehearse_run(name: str, recipe: "Recipe", progress: TrainingProgress, *, quiet: bool) -> None:
    """Rehearses a run and says what that gave.

    Args:
        name: Of the recipe.
        recipe: Settings of the run.
        progress: Shows its steps.
        quiet: Whether success is silent.

    Raises:
        DivergedError: The rehearsal failed.
        typer.Exit: A signal came.
    """
    from lowlight_cli.pipeline.signals import SIGNAL_BASE, Stopped
    from lowlight_cli.training.rehearsal import rehearse, rehearsed

    run = rehearsed(recipe).run
    size = f"{run.batch_size} crops of {run.crop} pixels a step"
    say(f"rehearsing {name} on the CPU in {run.precision}, {size}", quiet=quiet)
    try:
        found = rehearse(recipe, RECIPES[name].run(), say=progress.say, watch=progress.watch)
    except Stopped as stop:
        raise typer.Exit(SIGNAL_BASE + stop.number) from None
    for line in figures(found):
        say(line, quiet=quiet)
    if found.problems:
        raise DivergedError(f"rehearsal failed: {'; '.join(found.problems)}")
    say("rehearsal passed; nothing was kept", quiet=quiet)


def figures(found: "Rehearsal") -> list[str]:
    """What a rehearsal gave, in lines."""
    lines = [f"steps: {found.steps} of {found.step_seconds:.3g} s, {found.skipped} left out"]
    if found.first_loss is not None and found.last_loss is not None:
        lines.append(f"loss: {found.first_loss:.4g} in the first third, {found.last_loss:.4g} in the last")
    if found.steepest is not None:
        lines.append(f"gradient: at most {found.steepest:.3g} times its median")
    if found.score is not None:
        name, value = found.score
        lines.append(f"validation: {name} {value:.4g}")
    return lines
