"""How fast a recipe trains on a machine: its own steps, without validation and without a checkpoint."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import torch

from lowlight_cli.device import choose_precision
from lowlight_cli.pipeline.signals import Stopped
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.step_timer import StepStats

_NEVER = 10**9

USUAL_STEPS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"vqgan": {"codes_from": 0, "critic_from": 0}}
)
"""Settings under which the first steps of a recipe are like most of the others."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured.

    Attributes:
        recipe: Its name.
        device: Where it was computed.
        precision: Number format inside the networks.
        threads: Of PyTorch, on the CPU.
        batch_size: Crops per step.
        crop: Side of a crop in pixels.
        warmup: Steps taken before.
        steps: Steps measured.
        step_seconds: Median of a step.
        step_seconds_quartiles: Half of the steps lie between these.
        steps_per_second: Steps by their seconds.
        images_per_second: Crops by the same.
        data_wait: Share of the time spent waiting for data.
        memory_mb: Most memory in MiB, what came before the first step included; None where it is not known.
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
    """Takes the steps of a recipe and leaves nothing behind.

    Args:
        name: Of the recipe.
        recipe: Its settings; how often it validates and saves does not count.
        train: Its ``run`` function.
        device: Where to compute.
        warmup: Steps before the first that counts.
        steps: Steps that count, at least 2.

    Raises:
        Stopped: A signal came.
    """
    moments: list[StepStats] = []
    endless = _endless(recipe, warmup + steps)

    def watch(moment: StepStats) -> None:
        moments.append(moment)
        if len(moments) == warmup + steps:
            folder.run_state.cut()

    with TemporaryDirectory(prefix="lle-bench-") as place:
        folder = RunFolder(Path(place), endless, on_step=watch)
        with folder.stop.watched():
            train(endless, folder, device=device)
        if folder.stop.number is not None:
            raise Stopped(folder.stop.number)
    return _speed(name, recipe, device, moments, warmup)


def _endless(recipe: Recipe, steps: int) -> Recipe:
    """The same recipe with nothing between its steps, and a schedule that is longer than the measurement."""
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


def _speed(name: str, recipe: Recipe, device: torch.device, moments: list[StepStats], warmup: int) -> Speed:
    counted = moments[warmup:]
    seconds = [moment.seconds for moment in counted]
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
        data_wait=sum(moment.waited for moment in counted) / total,
        memory_mb=counted[-1].memory_mb,
    )
