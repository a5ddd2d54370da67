"""Weights of other people into files of this package."""

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
    """Weights that someone publishes.

    Attributes:
        files: Their names, in words.
        licence: Terms.
        read: Files to weights under the names of this package, in any order where there are several.
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
"""How the published files of a model are read; its network is the preset ``paper``."""


@dataclass(frozen=True, slots=True)
class Imported:
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


def import_weights(name: str, sources: Sequence[Path], target: Path | None = None) -> Imported:
    """Translates published weights and stores them where ``lle`` finds them.

    Args:
        name: Model they are of.
        sources: The published files; nothing in them is executed.
        target: File to write; in the user's folder of weights where none is given.

    Raises:
        UnknownNameError: There is no such model.
        UsageError: Nobody published weights of that model, or in another number of files.
        WeightsError: A file cannot be read or does not fit.
        OutputError: The new file cannot be written.
    """
    entry = MODELS[name]
    if name not in PUBLISHED:
        known = f"known: {', '.join(PUBLISHED)}"
        own = entry.weights["paper"].remedy if "paper" in entry.weights else None
        raise UsageError(f"there are no published weights of '{name}'; {own or known}")
    published = PUBLISHED[name]
    if len(sources) != len(published.files):
        raise UsageError(f"weights of '{name}' are published as {' and '.join(published.files)}; give these")
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
