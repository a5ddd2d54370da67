"""Imports weights that authors of papers publish."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.checkpoints import official_codeenhance, official_glare, official_vqcnir
from lowlight_cli.checkpoints.load import fill, sha256_of
from lowlight_cli.checkpoints.locate import user_folders
from lowlight_cli.checkpoints.official import Translated
from lowlight_cli.checkpoints.save import save_state
from lowlight_cli.errors import UsageError
from lowlight_cli.models.catalog import MODELS


@dataclass(frozen=True, slots=True)
class Published:
    """Published weights of a model.

    Attributes:
        files: Names of the published files.
        licence: Terms.
        read: Reads the files, in any order, into weights under the names of this package.
    """

    files: tuple[str, ...]
    licence: str
    read: Callable[[Sequence[Path]], Translated]


PUBLISHED: dict[str, Published] = {
    "codeenhance": Published(
        ("net_g_latest.pth",),
        "CC BY-NC 4.0, the authors of CodeEnhance",
        lambda paths: official_codeenhance.read_official(paths[0]),
    ),
    "glare": Published(
        ("vqgan.pkl", "net_G.pth"), "Apache-2.0, the authors of GLARE", official_glare.read_official
    ),
    "vqcnir": Published(
        ("net_g_latest.pth",),
        "none stated by the authors of VQCNIR",
        lambda paths: official_vqcnir.read_official(paths[0]),
    ),
}
"""Published weights by model; they belong to the preset ``paper``."""


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
        UsageError: The model has no published weights, or they are another number of files.
        WeightsError: A file cannot be read or does not fit.
        OutputError: The new file cannot be written.
    """
    entry = MODELS[name]
    if name not in PUBLISHED:
        known = f"known: {', '.join(PUBLISHED)}"
        own = entry.weights["paper"].remedy if "paper" in entry.weights else None
        raise UsageError(f"there are no published weights for '{name}'; {own or known}")
    published = PUBLISHED[name]
    if len(sources) != len(published.files):
        raise UsageError(
            f"weights of '{name}' are published as {' and '.join(published.files)}; pass exactly these"
        )
    found = published.read(sources)
    metadata = {
        "architecture": found.model,
        "preset": "paper",
        "licence": published.licence,
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
