"""Weights of a run to the file that ships: 16 bits, and what the file is made of."""

import json
from pathlib import Path

from lowlight_cli.checkpoints.load import load_weights, sha256_of
from lowlight_cli.checkpoints.save import save_state


def ship(source: Path, target: Path, *, preset: str, notes: dict[str, str]) -> str:
    """Writes shipped weights, and gives their sha256 for the catalog.

    Args:
        source: What ``lle train`` wrote.
        target: ``lowlight_cli/weights/<name>.safetensors``.
        preset: Size of the model.
        notes: Further facts for the file: data, licence, scores.
    """
    weights = load_weights(source)
    metadata = json.loads(json.dumps(weights.metadata)) | {"preset": preset, "notes": notes}
    save_state(target, weights.state, metadata, half_precision=True)
    return sha256_of(target)
