"""Trains the rows of an ablation, each as a run of one variant, and reads their results."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from lowlight_cli.errors import UsageError, WeightsError
from lowlight_cli.models.codeenhance.config import CodeEnhanceConfig
from lowlight_cli.models.codeenhance.model import CodeEnhance
from lowlight_cli.models.cost import count_parameters
from lowlight_cli.models.vqcnir.config import VqcnirConfig
from lowlight_cli.models.vqcnir.model import Vqcnir
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


def counted(config: CodeEnhanceConfig | VqcnirConfig) -> tuple[int, int]:
    """Number of parameters of a network, and of those that its last stage trains."""
    with torch.device("meta"):
        model = CodeEnhance(config) if isinstance(config, CodeEnhanceConfig) else Vqcnir(config)
    frozen = {id(weight) for part in model.frozen_parts() for weight in part.parameters()}
    frozen.add(id(model.codebook.weight))
    trained = sum(weight.numel() for weight in model.parameters() if id(weight) not in frozen)
    return count_parameters(model), trained


def train_row(
    recipe: Recipe,
    folder: Path,
    train: Callable[..., Path],
    on_message: Callable[[str], None],
    on_step: Callable[[StepStats], None],
    device: torch.device,
) -> RunFolder:
    """Trains a row, or resumes it; after a signal the current step is saved.

    Raises:
        UsageError: The folder holds a run with other settings.
    """
    check_same(recipe, folder)
    run = RunFolder(folder, recipe, on_message, on_step)
    with run.running():
        train(recipe, run, device=device)
    return run


def check_same(recipe: Recipe, folder: Path) -> None:
    """Refuses to resume a run with other settings; a different time limit is fine.

    Raises:
        UsageError: The run in the folder has other settings.
    """
    path = folder / SETTINGS_FILE
    if not path.exists():
        return
    ours, theirs = _without_times(as_toml(recipe)), _without_times(path.read_text("utf-8"))
    if ours != theirs:
        different = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
        raise UsageError(
            f"{folder} holds a row with other settings ({', '.join(different)}): "
            "choose another --out, or remove the folder"
        )


def found_row(recipe: Recipe, variant: Variant, folder: Path) -> Row | None:
    """Result of a row; None if it is not finished.

    Raises:
        WeightsError: There was nothing to validate on.
    """
    rows = MetricsLog(folder).rows()
    last = max((row["step"] + 1 for row in rows), default=0)
    scores = [row for row in rows if SCORE in row]
    is_exported = (folder / f"{recipe.architecture}.safetensors").exists()
    if last < recipe.run.steps or not is_exported:
        return None
    if not scores:
        raise WeightsError("no pairs to validate on: add --val DIR or --val-share 0.1")
    score = scores[-1]
    parameters, trained = counted(_shape(recipe))
    return Row(
        variant.name,
        variant.summary,
        parameters,
        trained,
        last,
        score[SCORE],
        score["ssim"],
        score.get("index_accuracy"),
        score.get("psnr_blurred"),
    )


def _shape(recipe: Recipe) -> CodeEnhanceConfig | VqcnirConfig:
    shape: CodeEnhanceConfig | VqcnirConfig = dict(recipe)["model"]
    return shape


def _without_times(text: str) -> dict[str, Any]:
    tree = tomllib.loads(text)
    run = tree.pop("run")
    own = {f"run.{name}": value for name, value in run.items() if name not in ("limit_minutes", "resume")}
    return tree | own
