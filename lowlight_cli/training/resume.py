"""Goes on from a checkpoint: restores the state of a run, and removes what the steps to come replace."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from lowlight_cli.counted import counted
from lowlight_cli.errors import UsageError, WeightsError
from lowlight_cli.training.changed_settings import warnings_of_changes
from lowlight_cli.training.checkpoints import Checkpoints, Stateful, number_of
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.distributed import done_by_first
from lowlight_cli.training.run_state import RunState


def restore(
    recipe: Recipe,
    folder: Path,
    checkpoint: tuple[Path, dict[str, Any]],
    parts: Mapping[str, Stateful],
    run_state: RunState,
) -> list[str]:
    """Restores a checkpoint, and returns what to say about it.

    Args:
        recipe: Settings of the run.
        folder: The run folder.
        checkpoint: Path and state.
        parts: Everything that has a state, by name.
        run_state: Progress of the run.

    Raises:
        UsageError: The run is finished, and had other settings; or the folder holds another run.
        WeightsError: The checkpoint is of another network or recipe, or damaged.
    """
    path, state = checkpoint
    done_by_first(lambda: _check_origin(recipe, folder, path))
    try:
        done = int(state["step"])
        if "run_state" in state:
            run_state.load_state_dict(state["run_state"])
        is_over = run_state.is_over(done)
        lines = done_by_first(lambda: warnings_of_changes(recipe, folder, path, is_over=is_over))
        for name, part in parts.items():
            part.load_state_dict(state[name])
        if "run_state" in state:
            torch.set_rng_state(state["rng_state"])
    except (KeyError, RuntimeError, ValueError) as error:
        first = next(iter(str(error).splitlines()), "")
        raise WeightsError(f"cannot resume from {path}, which is of another training: {first}") from error
    last = folder / "ckpt" / "last.pt"
    if path.parent == last.parent and path.stem != "last" and recipe.run.resume == "auto" and last.exists():
        lines = [f"warning  {last} is damaged, so an older checkpoint is used", *lines]
    if done >= recipe.run.steps:
        lines = [*lines, f"nothing is left to do after {counted(done, 'step')}; take more with --max-steps"]
    return [f"resuming from {path} (step {done})", *lines]


def _check_origin(recipe: Recipe, folder: Path, checkpoint: Path) -> None:
    """Refuses a checkpoint of another network, and one of another run where there is a run already.

    Raises:
        UsageError: The folder holds another run.
        WeightsError: The checkpoint is of another network.
    """
    run = checkpoint.absolute().parent.parent
    if run != folder.absolute() and (folder / "ckpt" / "last.pt").exists():
        raise UsageError(
            f"{folder} holds a run already: go on with it without --resume, or choose another --out"
        )
    try:
        theirs = json.loads((run / "env.json").read_text("utf-8"))["architecture"]
    except (OSError, ValueError, KeyError, TypeError):
        return  # a checkpoint that was copied elsewhere
    if theirs != recipe.architecture:
        raise WeightsError(
            f"{run} holds a run of {theirs}, not of {recipe.architecture}: choose another --out or checkpoint"
        )


def remove_replaced(folder: Path, checkpoints: Checkpoints, done: int, origin: Path | None) -> bool:
    """Removes checkpoints and samples of steps that will be taken again, or of another run.

    Args:
        folder: The run folder.
        checkpoints: Its checkpoints.
        done: Number of steps done.
        origin: Checkpoint that the run goes on from; None for a new run, for which all of them are removed.

    Returns:
        Whether the best checkpoint so far is still there.
    """
    is_own = origin is not None and origin.absolute().parent == checkpoints.folder.absolute()
    if origin is not None and is_own:
        checkpoints.go_on_from(origin, done)
    else:
        checkpoints.clear()
    for place in ("samples", "plots"):
        for path in (folder / place).glob("*"):
            if path.is_file() and (number_of(path) > done or not is_own):
                path.unlink()
    return checkpoints.best.exists()
