"""Rows of an ablation: each a training run of its own, with one thing left out, and what came of it."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from lowlight_cli.errors import UsageError, WeightsError
from lowlight_cli.models.codeenhance.config import CodeEnhanceConfig
from lowlight_cli.models.codeenhance.model import CodeEnhance
from lowlight_cli.models.cost import count_parameters
from lowlight_cli.training.ablation import Row, Variant
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.metrics_log import MetricsLog
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.settings import SETTINGS_FILE, as_toml, merged
from lowlight_cli.training.step_timer import StepStats

SCORE = "psnr"


def varied(recipe: Recipe, variant: Variant) -> Recipe:
    """The settings of a row."""
    return merged(type(recipe), None, variant.settings, (), start=recipe.model_dump())


def counted(config: CodeEnhanceConfig) -> tuple[int, int]:
    """Parameters of a network, and how many of them stage II trains."""
    with torch.device("meta"):
        model = CodeEnhance(config)
    frozen = sum(count_parameters(part) for part in model.frozen_parts()) + model.codebook.weight.numel()
    total = count_parameters(model)
    return total, total - frozen


def train_row(
    recipe: Recipe,
    folder: Path,
    train: Callable[..., Path],
    say: Callable[[str], None],
    watch: Callable[[StepStats], None],
    device: torch.device,
) -> RunFolder:
    """Trains a row, or goes on with it; a signal lets the step at hand be saved.

    Raises:
        UsageError: The folder holds a run with other settings.
    """
    check_same(recipe, folder)
    run = RunFolder(folder, recipe, say, watch)
    with run.stop.watched():
        train(recipe, run, device=device)
    return run


def check_same(recipe: Recipe, folder: Path) -> None:
    """Refuses to go on with a run of other settings; how long it may take does not matter.

    Raises:
        UsageError: What is in the folder was made with others.
    """
    path = folder / SETTINGS_FILE
    if not path.exists():
        return
    ours, theirs = _timeless(as_toml(recipe)), _timeless(path.read_text("utf-8"))
    if ours != theirs:
        different = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
        raise UsageError(
            f"{folder} holds a row with other settings ({', '.join(different)}): "
            "choose another --out, or remove it"
        )


def found_row(recipe: Recipe, variant: Variant, folder: Path) -> Row | None:
    """What a finished row came to; None where it is not finished.

    Raises:
        WeightsError: No held-out picture was looked at.
    """
    rows = MetricsLog(folder).rows()
    last = max((row["step"] + 1 for row in rows), default=0)
    scores = [row for row in rows if SCORE in row]
    is_exported = (folder / f"{recipe.architecture}.safetensors").exists()
    if last < recipe.run.steps or not is_exported:
        return None
    if not scores:
        raise WeightsError("nothing to judge the rows by: --pairs holds none of the pairs of data.held_out")
    score = scores[-1]
    parameters, trained = counted(_shape(recipe))
    return Row(
        variant.name,
        variant.says,
        parameters,
        trained,
        last,
        score[SCORE],
        score["ssim"],
        score["index_accuracy"],
    )


def _shape(recipe: Recipe) -> CodeEnhanceConfig:
    shape: CodeEnhanceConfig = dict(recipe)["model"]
    return shape


def _timeless(text: str) -> dict[str, Any]:
    tree = tomllib.loads(text)
    run = tree.pop("run")
    own = {f"run.{name}": value for name, value in run.items() if name not in ("limit_minutes", "resume")}
    return tree | own
