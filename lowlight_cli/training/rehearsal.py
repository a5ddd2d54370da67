"""Rehearses a run on the CPU: 300 steps with its settings and small batches, checked for problems."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

import torch

from lowlight_cli.counted import counted
from lowlight_cli.errors import DivergedError
from lowlight_cli.pipeline.signals import Stopped
from lowlight_cli.training.catalog import RECIPES
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.metrics_log import MetricsLog, Numbers
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.step_timer import StepStats

STEPS = 300
BATCH = 4
MOST_SKIPPED = 0.01
"""Share of the steps that may be skipped."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Result of a rehearsal.

    Attributes:
        steps: Steps taken or skipped.
        step_seconds: Median duration of a step.
        first_loss: Median loss of the first third of the steps; None if none was finite.
        last_loss: Median loss of the last third; None if none was finite.
        steepest: Largest gradient norm divided by the median; None if none was finite.
        skipped: Skipped steps.
        score: Name and value of the validation score; None without a validation.
        problems: Why it failed; empty if it passed.
    """

    steps: int
    step_seconds: float
    first_loss: float | None
    last_loss: float | None
    steepest: float | None
    skipped: int
    score: tuple[str, float] | None
    problems: tuple[str, ...]


def rehearsed(recipe: Recipe, steps: int = STEPS) -> Recipe:
    """The same settings with small batches on the CPU, in the number format that a GPU would use.

    TF32, which CPUs do not have, becomes float32. The learning rate follows the schedule of the whole run.
    Parts of the loss that begin later in the run begin with the first step.

    Args:
        recipe: Settings of the run.
        steps: Number of steps before the validation.
    """
    run = recipe.run
    batch = min(run.batch_size, BATCH)
    update = {
        "device": "cpu",
        "precision": {"auto": "bf16", "tf32": "fp32"}.get(run.precision, run.precision),
        "batch_size": batch,
        "accumulate": 2 if run.accumulate > 1 and batch % 2 == 0 else 1,
        "limit_minutes": None,
        "schedule": "steps",
        "sample_every": steps,
        "save_every": max(1, steps // 3),
        "keep": 1,
        "journal_every": 1,
        "early_stop": None,
        "tensorboard": False,
        "resume": "none",
    }
    return recipe.model_copy(update={"run": run.model_copy(update=update), **_whole_loss(recipe)})


def _whole_loss(recipe: Recipe) -> dict[str, Any]:
    """Settings with which the first steps have each part of the loss that the run has at some time."""
    entry = next((entry for entry in RECIPES.values() if entry.settings == type(recipe).__name__), None)
    if entry is None:
        return {}
    starts = {name: getattr(recipe, name) for name in entry.typical}
    return {name: entry.typical[name] for name, start in starts.items() if (start or 0) < recipe.run.steps}


def rehearse(
    recipe: Recipe,
    train: Callable[..., Path],
    *,
    on_message: Callable[[str], None] = lambda _: None,
    on_step: Callable[[StepStats], None] = lambda _: None,
    steps: int = STEPS,
) -> Rehearsal:
    """Takes steps of a run in a temporary folder, validates, saves, and returns what it found.

    Args:
        recipe: Settings of the run, which ``rehearsed`` adapts.
        train: ``run`` function of the recipe.
        on_message: Called with each message of the run.
        on_step: Called after each step.
        steps: Number of steps; fewer if the run is shorter.

    Raises:
        Stopped: A signal came.
    """
    stats: list[StepStats] = []

    def count(step: StepStats) -> None:
        stats.append(step)
        on_step(step)
        if len(stats) > steps:  # after the validation
            folder.run_state.cut()

    problems: list[str] = []
    with TemporaryDirectory(prefix="lle-rehearsal-") as place:
        settings = rehearsed(recipe, steps)
        folder = RunFolder(Path(place), settings, on_message, count)
        try:
            with folder.stop.watched():
                train(settings, folder, device=torch.device("cpu"))
        except DivergedError as error:
            problems.append(str(error).partition(";")[0])
        if folder.stop.number is not None:
            raise Stopped(folder.stop.number)
        rows = MetricsLog(Path(place)).rows()
    # Steps after which the run rolled back, or that ended it with an error, are not reported.
    taken = len(stats) + folder.run_state.rollbacks + len(problems)
    return _evaluated(stats, rows, (taken, folder.run_state.skipped), problems)


def _evaluated(
    stats: list[StepStats], rows: list[Numbers], counts: tuple[int, int], problems: list[str]
) -> Rehearsal:
    steps, skipped = counts
    losses = [step.loss for step in stats]
    third = max(1, len(losses) // 3)
    first, last = _finite(losses[:third]), _finite(losses[-third:])
    norms = _finite([row.get("gradient_norm") or math.nan for row in rows])
    score = next((step.score for step in reversed(stats) if step.score), None)
    if skipped > MOST_SKIPPED * steps:
        problems.append(f"{skipped} of {counted(steps, 'step')} skipped")
    if not last:
        problems.append("no loss was finite at the end")
    elif first and median(last) - median(first) > max(abs(median(first)), 4 * _spread(first)):
        problems.append(f"the loss rose from {median(first):.4g} to {median(last):.4g}")
    if score is not None and not math.isfinite(score[1]):
        problems.append(f"the validation gave no number for {score[0]}")
    return Rehearsal(
        steps=steps,
        step_seconds=median([step.seconds for step in stats] or [0.0]),
        first_loss=median(first) if first else None,
        last_loss=median(last) if last else None,
        steepest=max(norms) / max(median(norms), 1e-12) if norms else None,
        skipped=skipped,
        score=score,
        problems=tuple(problems),
    )


def _finite(values: list[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _spread(values: list[float]) -> float:
    """Interquartile range."""
    if len(values) < 2:
        return 0.0
    low, _, high = quantiles(values, n=4)
    return high - low
