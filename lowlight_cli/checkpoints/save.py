"""Weights to safetensors files that say what they are."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from lowlight_cli.errors import ImageError, OutputError
from lowlight_cli.images.replace import replace_file

FORMAT_VERSION = 1
METADATA_KEY = "lle"


def save_weights(
    path: Path, model: nn.Module, metadata: Mapping[str, Any], *, half_precision: bool = False
) -> Path:
    """Writes the weights of ``model``; a file of that name is replaced in one step.

    Args:
        path: Target, ``*.safetensors``.
        model: What to save; moved nowhere and not changed.
        metadata: ``architecture``, ``preset``, ``config`` and anything else that JSON can hold.
        half_precision: Store floating-point weights in 16 bits, as the shipped files do.

    Raises:
        OutputError: The file cannot be written.
    """
    return save_state(path, model.state_dict(), metadata, half_precision=half_precision)


def save_state(
    path: Path, state: Mapping[str, Tensor], metadata: Mapping[str, Any], *, half_precision: bool = False
) -> Path:
    """As ``save_weights``, for tensors that are in no model yet."""
    tensors = {name: _stored(tensor, half_precision) for name, tensor in state.items()}
    described = json.dumps({"format_version": FORMAT_VERSION, **metadata}, sort_keys=True)
    try:
        replace_file(path, save(tensors, {METADATA_KEY: described}))
    except ImageError as error:
        raise OutputError(f"cannot write {error}") from error
    return path


def _stored(tensor: Tensor, half_precision: bool) -> Tensor:
    # safetensors refuses tensors that share memory, so each becomes a copy of its own.
    stored = tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
    return stored.half() if half_precision and stored.is_floating_point() else stored
