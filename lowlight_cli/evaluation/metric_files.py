"""Finds the files that metrics need on disk, and downloads them on request."""

import os
import sys
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from lowlight_cli.errors import WeightsError
from lowlight_cli.evaluation.catalog import METRIC_FILES, MetricEntry, MetricFile
from lowlight_cli.folders import data_folders, listed_folders

OFFLINE = ("LLE_OFFLINE", "HF_HUB_OFFLINE")
"""Environment variables that forbid downloads."""

HUGGING_FACE = "https://huggingface.co"


def user_metric_folders() -> tuple[Path, ...]:
    """Folders of this program for metric files; downloads go to the first.

    They are ``metrics`` in each folder of ``LLE_MODEL_DIR``, then ``metrics`` in the user's data folder.
    """
    return tuple(folder / "metrics" for folder in (*listed_folders("LLE_MODEL_DIR"), *data_folders()))


def locate(file: MetricFile, folder: Path | None = None) -> Path | None:
    """Path of a file on disk; None if it is not found.

    Args:
        file: What to look for, under its name or an alias.
        folder: Searched first.
    """
    names = (file.name, *file.aliases)
    candidates = (place / name for place in _places(file, folder) for name in names)
    return next((path for path in candidates if path.is_file()), None)


def find_files(
    entry: MetricEntry, folder: Path | None = None, *, download: bool = False
) -> Mapping[str, Path]:
    """Paths of all files that a metric needs, by their published names.

    Args:
        entry: The metric.
        folder: Searched first, and where downloads go; None for the first of ``user_metric_folders``.
        download: Whether to download missing files.

    Raises:
        WeightsError: Files are missing, cannot be downloaded, or are not the published ones.
    """
    target = folder or user_metric_folders()[0]
    found = {name: locate(METRIC_FILES[name], folder) for name in entry.files}
    missing = [name for name, path in found.items() if path is None]
    if missing and not download:
        is_, it = ("is", "it") if len(missing) == 1 else ("are", "them")
        raise WeightsError(
            f"{' and '.join(missing)} {is_} missing; put {it} into {target}, or run with --download"
        )
    paths = {name: path or fetch(METRIC_FILES[name], target) for name, path in found.items()}
    for name, path in paths.items():
        expected = METRIC_FILES[name].sha256
        if not digest(path).startswith(expected):
            raise WeightsError(
                f"{path} is not the published {name}: its sha256 must begin with {expected}; replace it"
            )
    return paths


def fetch(file: MetricFile, folder: Path) -> Path:
    """Path of a file after downloading it; ``HF_ENDPOINT`` replaces huggingface.co.

    Raises:
        WeightsError: ``LLE_OFFLINE`` or ``HF_HUB_OFFLINE`` is set, or the download failed; no file is left.
    """
    offline = [name for name in OFFLINE if os.environ.get(name, "0") not in ("", "0")]
    if offline:
        raise WeightsError(f"{file.name} is missing; unset {offline[0]} to download it")
    from torch.hub import download_url_to_file

    address = file.source.replace(HUGGING_FACE, os.environ.get("HF_ENDPOINT") or HUGGING_FACE)
    target = folder / file.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        progress = sys.stderr.isatty()
        download_url_to_file(address, str(target), hash_prefix=file.sha256 or None, progress=progress)
    except (OSError, RuntimeError) as error:
        raise WeightsError(f"cannot download {address} to {folder}: {error}") from error
    return target


def digest(path: Path) -> str:
    """The sha256 of a file, in hexadecimal.

    Raises:
        WeightsError: It cannot be read.
    """
    total = sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(2**20):
                total.update(block)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error}") from error
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
    """Folder where torch keeps downloads, found without importing torch."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("TORCH_HOME") or Path(cache) / "torch") / "hub"
