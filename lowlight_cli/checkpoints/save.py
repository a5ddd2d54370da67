"""Writes weights to safetensors files with metadata."""

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
    """Writes the weights of a model; an existing file is replaced in one step.

    Args:
        path: Target, ``*.safetensors``.
        model: The model; it is not changed or moved.
        metadata: ``architecture``, ``preset``, ``config`` and other JSON values.
        half_precision: Store floating-point weights in 16 bits, as in the shipped files.

    Raises:
        OutputError: The file cannot be written.
    """
    return save_state(path, model.state_dict(), metadata, half_precision=half_precision)


def save_state(
    path: Path, state: Mapping[str, Tensor], metadata: Mapping[str, Any], *, half_precision: bool = False
) -> Path:
    """Writes tensors as ``save_weights`` does those of a model."""
    tensors = {name: _stored(tensor, half_precision) for name, tensor in state.items()}
    described = json.dumps({"format_version": FORMAT_VERSION, **metadata}, sort_keys=True)
    try:
        replace_file(path, save(tensors, {METADATA_KEY: described}))
    except ImageError as error:
        raise OutputError(f"cannot write {error}") from error
    return path


def _stored(tensor: Tensor, half_precision: bool) -> Tensor:
    # safetensors refuses tensors that share memory, so each is copied.
    stored = tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
    return stored.half() if half_precision and stored.is_floating_point() else stored
