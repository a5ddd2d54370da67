"""Describes a model of the catalog: parameters, cost, settings, weights and licences."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lowlight_cli.checkpoints.load import sha256_of
from lowlight_cli.checkpoints.locate import weights_here
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.cost import count_operations, count_parameters
from lowlight_cli.models.entry import WeightsEntry

PICTURE_SIZES = ((256, 256), (600, 400))
"""Width and height of the images whose cost is reported."""


@dataclass(frozen=True, slots=True)
class WeightsInfo:
    """A weights file; if it is missing, ``path`` and ``sha256`` are None, and ``remedy`` says what to do."""

    file: str
    licence: str
    shipped: bool
    path: Path | None
    sha256: str | None
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model with one of its presets.

    Attributes:
        name: Name in the catalog.
        preset: Name of the preset.
        summary: One line for lists.
        source: Paper.
        licence: Terms of the code.
        config: Settings.
        parameters: Number of parameters.
        parts: Number of parameters of each part.
        gflop: Billions of operations by image size, such as ``"600x400"``.
        weights: Weights file; None for a model without parameters.
    """

    name: str
    preset: str
    summary: str
    source: str
    licence: str
    config: dict[str, Any]
    parameters: int
    parts: dict[str, int]
    gflop: dict[str, float]
    weights: WeightsInfo | None


def describe_model(name: str, preset: str | None = None) -> ModelInfo:
    """Builds the model without its weights, and measures it.

    Raises:
        UnknownNameError: There is no such model or preset.
    """
    entry = MODELS[name]
    preset = preset or entry.default_preset
    config = entry.presets[preset]
    weights = entry.weights.get(preset)
    model = entry.build(config).eval()
    return ModelInfo(
        name=name,
        preset=preset,
        summary=entry.summary,
        source=entry.source,
        licence=entry.licence,
        config=config.model_dump(mode="json"),
        parameters=count_parameters(model),
        parts={part: count_parameters(module) for part, module in model.parts().items()},
        gflop={
            f"{width}x{height}": round(count_operations(model, height, width) / 1e9, 2)
            for width, height in PICTURE_SIZES
        },
        weights=describe_weights(weights) if weights else None,
    )


def describe_weights(entry: WeightsEntry) -> WeightsInfo:
    """The weights file on this machine."""
    path = weights_here(entry)
    if path is None:
        return WeightsInfo(entry.file, entry.licence, entry.shipped, None, None, entry.remedy)
    return WeightsInfo(entry.file, entry.licence, entry.shipped, path, sha256_of(path))
