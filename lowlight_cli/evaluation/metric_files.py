"""Where the files lie that metrics need; they are looked for on disk and fetched when asked for alone."""

import os
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from lowlight_cli.errors import WeightsError
from lowlight_cli.evaluation.catalog import METRIC_FILES, MetricEntry, MetricFile


def user_metric_folders() -> tuple[Path, ...]:
    """Folders of this program's own for metric files; ``--download`` writes to the first.

    They are ``metrics`` in each folder of ``LLE_MODEL_DIR``, else ``$XDG_DATA_HOME/lle/metrics``.
    """
    named = [Path(part) / "metrics" for part in os.environ.get("LLE_MODEL_DIR", "").split(os.pathsep) if part]
    data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return (*named, Path(data_home) / "lle" / "metrics")


def locate(file: MetricFile, folder: Path | None = None) -> Path | None:
    """Path of a file that is on disk, or None.

    Args:
        file: What to look for, under its name or an alias of it.
        folder: Looked in first.
    """
    names = (file.name, *file.aliases)
    for place in _places(file, folder):
        for name in names:
            if (place / name).is_file():
                return place / name
    return None


def find_files(entry: MetricEntry, folder: Path | None = None) -> Mapping[str, Path]:
    """Paths of all files that a metric needs, by their published names.

    Raises:
        WeightsError: One is missing or is not the published one; the message says what to put where.
    """
    found = {}
    for name in entry.files:
        file = METRIC_FILES[name]
        path = locate(file, folder)
        if path is None:
            target = folder or user_metric_folders()[0]
            raise WeightsError(f"{name} is missing; put it into {target}, or run with --download")
        if not digest(path).startswith(file.sha256):
            raise WeightsError(
                f"{path} is not the published {name}: its sha256 must begin with {file.sha256}"
            )
        found[name] = path
    return found


def digest(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        total = sha256()
        while block := stream.read(2**20):
            total.update(block)
    return total.hexdigest()


def _places(file: MetricFile, folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
    yield from user_metric_folders()
    yield _hub_folder() / file.folder
    package = find_spec("lpips")
    if package is not None and package.origin is not None:
        yield Path(package.origin).parent / "weights" / "v0.1"


def _hub_folder() -> Path:
    """Folder that torch keeps downloads in, found without importing torch."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("TORCH_HOME") or Path(cache) / "torch") / "hub"
