"""Imports weights that authors of papers publish."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from safetensors import SafetensorError, safe_open

from lowlight_cli.checkpoints import official_codeenhance, official_glare, official_vqcnir
from lowlight_cli.checkpoints.load import fill, sha256_of
from lowlight_cli.checkpoints.locate import user_folders
from lowlight_cli.checkpoints.official import Translated
from lowlight_cli.checkpoints.save import METADATA_KEY, save_state
from lowlight_cli.errors import UsageError
from lowlight_cli.models.catalog import MODELS

_READERS: Mapping[str, Callable[[Sequence[Path]], Translated]] = MappingProxyType(
    {
        "codeenhance": lambda paths: official_codeenhance.read_official(paths[0]),
        "glare": official_glare.read_official,
        "vqcnir": lambda paths: official_vqcnir.read_official(paths[0]),
    }
)
"""Reads the published files of a model, in any order, into weights under the names of this package."""


@dataclass(frozen=True, slots=True)
class Imported:
    """Imported weights.

    Attributes:
        target: The new file.
        model: Architecture of the weights.
        tensors: Number of tensors.
        parameters: Number of values.
        dropped: Keys of the original that the model does not need.
    """

    target: Path
    model: str
    tensors: int
    parameters: int
    dropped: tuple[str, ...]


def import_weights(name: str, sources: Sequence[Path], target: Path | None = None) -> Imported:
    """Translates published weights and stores them where ``lle`` finds them.

    Args:
        name: Name of the model.
        sources: The published files; nothing in them is executed.
        target: File to write; None writes to the user's folder of weights.

    Raises:
        UnknownNameError: There is no such model.
        UsageError: The model has no published weights, or they are another number of files, or a file is a
            checkpoint of this program.
        WeightsError: A file cannot be read or does not fit.
        OutputError: The new file cannot be written.
    """
    entry = MODELS[name]
    weights = entry.weights.get("paper")
    if weights is None or not weights.published:
        remedy = weights.remedy if weights else f"known: {', '.join(_READERS)}"
        raise UsageError(f"there are no published weights for '{name}'; {remedy}")
    for source in sources:
        _refuse_own(source)
    if len(sources) != len(weights.published):
        raise UsageError(
            f"weights of '{name}' are published as {' and '.join(weights.published)}; pass exactly these"
        )
    found = _READERS[name](sources)
    metadata = {
        "architecture": found.model,
        "preset": "paper",
        "licence": weights.licence,
        "provenance": {
            "imported_from": " and ".join(source.name for source in sources),
            "sha256": " and ".join(map(sha256_of, sources)),
        },
    }
    if found.model == name:
        config = entry.presets["paper"]
        fill(entry.build(config), found.state, " and ".join(map(str, sources)))
        metadata["config"] = config.model_dump(mode="json")
    target = target or user_folders()[0] / f"{found.model}-paper.safetensors"
    save_state(target, found.state, metadata)
    return Imported(
        target,
        found.model,
        len(found.state),
        sum(tensor.numel() for tensor in found.state.values()),
        found.dropped,
    )


def _refuse_own(path: Path) -> None:
    """Refuses weights that this program wrote; they need no import.

    Raises:
        UsageError: They are such weights.
    """
    try:
        with safe_open(path, framework="pt") as file:
            is_own = METADATA_KEY in (file.metadata() or {})
    except (SafetensorError, OSError):
        return
    if is_own:
        raise UsageError(f"{path} is a checkpoint of lle: use it with --checkpoint {path}")
