"""Loads models from safetensors files; missing and unexpected weights are errors."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from lowlight_cli.checkpoints.locate import find_weights, refuse_folder
from lowlight_cli.checkpoints.official import read_table
from lowlight_cli.checkpoints.save import FORMAT_VERSION, METADATA_KEY
from lowlight_cli.errors import WeightsError
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.entry import ModelEntry, WeightsEntry
from lowlight_cli.models.interface import Enhancer


class Weights(NamedTuple):
    """Content of a weights file: tensors in 32 bits, and its metadata."""

    state: dict[str, Tensor]
    metadata: dict[str, Any]


def load_enhancer(
    name: str,
    *,
    preset: str | None = None,
    checkpoint: Path | None = None,
    device: torch.device | str = "cpu",
) -> Enhancer:
    """Builds a model of the catalog and loads its weights.

    Args:
        name: Name in the catalog.
        preset: Preset of the model; None is the default one.
        checkpoint: Weights file in place of the preset's; settings in its metadata replace those of the
            preset.
        device: Device to run on.

    Returns:
        The model in evaluation mode, channels last.

    Raises:
        UnknownNameError: There is no such model or preset.
        WeightsError: The weights are missing, damaged or those of another model.
    """
    entry = MODELS[name]
    model = _from_file(entry, preset, checkpoint) if checkpoint else _from_preset(entry, preset)
    model = model.eval().requires_grad_(False).to(device)
    return model.to(memory_format=torch.channels_last)


def load_weights(path: Path) -> Weights:
    """Reads a weights file.

    Raises:
        WeightsError: The file is missing or a folder, or was not written by ``save_weights``.
    """
    refuse_folder(path)
    if not path.is_file():
        raise WeightsError(f"weights {path} do not exist")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads((file.metadata() or {}).get(METADATA_KEY, "null"))
            state = {key: _widened(file.get_tensor(key)) for key in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, ValueError, OSError) as error:
        refuse_torch_file(path)
        raise WeightsError(f"weights {path} cannot be read: {error}") from error
    if not isinstance(metadata, dict):
        raise WeightsError(
            f"weights {path} do not name their model; use `lle models import` for files of other programs"
        )
    if metadata.get("format_version", FORMAT_VERSION) > FORMAT_VERSION:
        raise WeightsError(f"weights {path} were written by a newer version of lle; update lowlight-cli")
    return Weights(state, metadata)


def refuse_torch_file(path: Path) -> None:
    """Refuses a file of ``torch.save`` where a safetensors file is expected.

    Raises:
        WeightsError: It is one; the message says what to use for a checkpoint to resume from.
    """
    try:
        with path.open("rb") as file:
            is_archive = file.read(4) == b"PK\x03\x04"
    except OSError:
        return
    if is_archive:
        read_table(path)
        raise WeightsError(
            f"weights {path} are no safetensors file; use `lle models import` for files of other programs"
        )


def fill(model: nn.Module, state: Mapping[str, Tensor], origin: object) -> None:
    """Loads weights into a model; ``origin`` names them in messages.

    Raises:
        WeightsError: Names or shapes differ; the message lists the first ones.
    """
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    given = {name: tuple(tensor.shape) for name, tensor in state.items()}
    differences = {
        "missing": sorted(expected.keys() - given.keys()),
        "unexpected": sorted(given.keys() - expected.keys()),
        "of another shape": sorted(
            name for name in expected.keys() & given.keys() if expected[name] != given[name]
        ),
    }
    found = [f"{len(names)} {kind} ({', '.join(names[:3])})" for kind, names in differences.items() if names]
    if found:
        raise WeightsError(f"weights {origin} do not fit the model: {'; '.join(found)}")
    model.load_state_dict(dict(state), strict=True)


def whole_weights(entry: WeightsEntry) -> Path:
    """Path of weights, after a check of their digest.

    Raises:
        WeightsError: They are missing or damaged.
    """
    path = find_weights(entry)
    if entry.sha256 is not None and sha256_of(path) != entry.sha256:
        raise WeightsError(f"weights {path} are damaged: their sha256 differs from the catalog")
    return path


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _from_preset(entry: ModelEntry, preset: str | None) -> Enhancer:
    preset = preset or entry.default_preset
    model = entry.build(entry.presets[preset])
    weights = entry.weights.get(preset)
    if weights is not None:
        path = whole_weights(weights)
        fill(model, _of_architecture(path, entry.name).state, path)
    return model


def _from_file(entry: ModelEntry, preset: str | None, path: Path) -> Enhancer:
    weights = _of_architecture(path, entry.name)
    template = entry.presets[preset or entry.default_preset]
    model = entry.build(_own_config(weights, path, template))
    fill(model, weights.state, path)
    return model


def _own_config(weights: Weights, path: Path, template: BaseModel) -> BaseModel:
    if "config" not in weights.metadata:
        return template
    try:
        return type(template).model_validate_json(json.dumps(weights.metadata["config"]))
    except ValidationError as error:
        raise WeightsError(
            f"weights {path} have settings that this version of lle does not know: {error}"
        ) from error


def _of_architecture(path: Path, name: str) -> Weights:
    weights = load_weights(path)
    if weights.metadata.get("architecture") != name:
        raise WeightsError(
            f"weights {path} are of model '{weights.metadata.get('architecture')}', not '{name}'"
        )
    return weights


def _widened(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor
