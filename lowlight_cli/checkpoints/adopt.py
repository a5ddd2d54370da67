"""Weights of other people into files of this package."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.checkpoints.load import fill, sha256_of
from lowlight_cli.checkpoints.locate import user_folders
from lowlight_cli.checkpoints.official_codeenhance import Translated, read_official
from lowlight_cli.checkpoints.save import save_state
from lowlight_cli.errors import UsageError
from lowlight_cli.models.catalog import MODELS

READERS: dict[str, Callable[[Path], Translated]] = {"codeenhance": read_official}
"""How the published file of a model is read; its network is the preset ``paper``."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """A file that was written from someone else's.

    Attributes:
        target: The new file.
        model: Whose weights it holds.
        tensors: How many were taken over.
        parameters: How many values they have together.
        dropped: Keys of the original that no part of the model needs.
    """

    target: Path
    model: str
    tensors: int
    parameters: int
    dropped: tuple[str, ...]


def adopt_weights(name: str, source: Path, target: Path | None = None) -> Adopted:
    """Translates published weights and stores them where ``lle`` finds them.

    Args:
        name: Model they are of.
        source: The published file; nothing in it is executed.
        target: File to write; in the user's folder of weights where none is given.

    Raises:
        UnknownNameError: There is no such model.
        UsageError: Nobody published weights of that model.
        WeightsError: The file cannot be read or does not fit.
        OutputError: The new file cannot be written.
    """
    entry = MODELS[name]
    if name not in READERS:
        raise UsageError(f"there are no published weights of '{name}'; known: {', '.join(READERS)}")
    found = READERS[name](source)
    metadata = {
        "architecture": found.model,
        "preset": "paper",
        "licence": "CC BY-NC 4.0, the authors of CodeEnhance",
        "provenance": {"imported_from": source.name, "sha256": sha256_of(source)},
    }
    if found.model == name:
        config = entry.presets["paper"]
        fill(entry.build(config), found.state, source)
        metadata["config"] = config.model_dump(mode="json")
    target = target or user_folders()[0] / f"{found.model}-paper.safetensors"
    save_state(target, found.state, metadata)
    return Adopted(
        target,
        found.model,
        len(found.state),
        sum(tensor.numel() for tensor in found.state.values()),
        found.dropped,
    )
