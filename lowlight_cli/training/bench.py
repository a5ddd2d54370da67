"""Measures how fast a recipe trains: its steps, without validation and without checkpoints."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import torch

from lowlight_cli.device import choose_precision
from lowlight_cli.pipeline.signals import Stopped
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.step_timer import StepStats

_NEVER = 10**9


@dataclass(frozen=True, slots=True)
class Speed:
    """Result of a measurement.

    Attributes:
        recipe: Name of the recipe.
        device: Device of the networks.
        precision: Number format inside the networks.
        threads: Threads of PyTorch on the CPU.
        batch_size: Crops per step.
        crop: Side of a crop in pixels.
        warmup: Steps before the measured ones.
        steps: Measured steps.
        step_seconds: Median duration of a step.
        step_seconds_quartiles: First and third quartile of the duration.
        steps_per_second: Measured steps per second.
        images_per_second: Crops per second.
        data_wait: Share of the time spent waiting for data.
        memory_mb: Peak memory of the process or the GPU in MiB; None if not known.
    """

    recipe: str
    device: str
    precision: str
    threads: int
    batch_size: int
    crop: int
    warmup: int
    steps: int
    step_seconds: float
    step_seconds_quartiles: tuple[float, float]
    steps_per_second: float
    images_per_second: float
    data_wait: float
    memory_mb: float | None


def measure(
    name: str, recipe: Recipe, train: Callable[..., Path], device: torch.device, *, warmup: int, steps: int
) -> Speed:
    """Takes steps of a recipe in a temporary folder, and measures them.

    Args:
        name: Name of the recipe.
        recipe: Settings of the recipe; it neither validates nor saves.
        train: ``run`` function of the recipe.
        device: Where to compute.
        warmup: Steps before the first measured one.
        steps: Steps to measure, at least 2.

    Raises:
        Stopped: A signal came.
    """
    stats: list[StepStats] = []
    endless = _endless(recipe, warmup + steps)

    def measure_step(step: StepStats) -> None:
        stats.append(step)
        if len(stats) == warmup + steps:
            folder.run_state.cut()

    with TemporaryDirectory(prefix="lle-bench-") as place:
        folder = RunFolder(Path(place), endless, on_step=measure_step)
        with folder.stop.watched():
            train(endless, folder, device=device)
        if folder.stop.number is not None:
            raise Stopped(folder.stop.number)
    return _speed(name, recipe, device, stats, warmup)


def _endless(recipe: Recipe, steps: int) -> Recipe:
    """The same recipe with nothing between its steps, and a schedule longer than the measurement."""
    update = {
        "steps": max(recipe.run.steps, steps + 1),
        "limit_minutes": None,
        "sample_every": _NEVER,
        "save_every": _NEVER,
        "journal_every": _NEVER,
        "early_stop": None,
        "tensorboard": False,
        "resume": "none",
    }
    return recipe.model_copy(update={"run": recipe.run.model_copy(update=update)})


def _speed(name: str, recipe: Recipe, device: torch.device, stats: list[StepStats], warmup: int) -> Speed:
    counted = stats[warmup:]
    seconds = [step.seconds for step in counted]
    first, median, third = quantiles(seconds, n=4, method="inclusive")
    total = sum(seconds)
    return Speed(
        recipe=name,
        device=str(device),
        precision=choose_precision(recipe.run.precision, device).name,
        threads=torch.get_num_threads(),
        batch_size=recipe.run.batch_size,
        crop=recipe.run.crop,
        warmup=warmup,
        steps=len(counted),
        step_seconds=median,
        step_seconds_quartiles=(first, third),
        steps_per_second=len(counted) / total,
        images_per_second=len(counted) * recipe.run.batch_size / total,
        data_wait=sum(step.waited for step in counted) / total,
        memory_mb=counted[-1].memory_mb,
    )
