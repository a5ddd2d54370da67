"""Finds the files that metrics need, on disk or in the package, and downloads them on request."""

import os
import sys
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from lowlight_cli.checkpoints.locate import shipped_metric_folder
from lowlight_cli.errors import WeightsError
from lowlight_cli.evaluation.catalog import METRIC_FILES, MetricEntry, MetricFile
from lowlight_cli.folders import data_folders, listed_folders, with_tilde

OFFLINE = ("LLE_OFFLINE", "HF_HUB_OFFLINE")
"""Environment variables that forbid downloads."""

HUGGING_FACE = "https://huggingface.co"


class MissingFilesError(WeightsError):
    """Files of a metric are neither on this machine nor in the package; the message names the metric."""


def user_metric_folders() -> tuple[Path, ...]:
    """Folders of this program for metric files; downloads go to the first.

    They are ``metrics`` in each folder of ``LLE_MODEL_DIR``, then ``metrics`` in the user's data folder.
    """
    return tuple(folder / "metrics" for folder in (*listed_folders("LLE_MODEL_DIR"), *data_folders()))


def locate(file: MetricFile, folder: Path | None = None) -> Path | None:
    """Path of a file on disk; None if it is not found. A copy in the package does not count.

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
    """Paths of all files that a metric needs, by their published names; those on disk before those that ship.

    Args:
        entry: The metric.
        folder: Searched first, and where downloads go; None for the first of ``user_metric_folders``.
        download: Whether to download missing files.

    Raises:
        MissingFilesError: Files are missing, and ``download`` is not set.
        WeightsError: Files cannot be downloaded, or are not the published ones.
    """
    target = folder or user_metric_folders()[0]
    files = [METRIC_FILES[name] for name in entry.files]
    missing = [file for file in files if not file.shipped and locate(file, folder) is None]
    if missing and not download:
        titles = " and ".join(file.title for file in missing)
        names = " and ".join(file.name for file in missing)
        raise MissingFilesError(
            f"{entry.label} needs {titles}: lle eval --download, or put {names} into {with_tilde(target)}"
        )
    return {file.name: _path_of(file, folder, target) for file in files}


def _path_of(file: MetricFile, folder: Path | None, target: Path) -> Path:
    """Path of the published file on disk, else of the copy that ships, else of a download to ``target``.

    Raises:
        WeightsError: The file cannot be downloaded, or is not the published one.
    """
    path = locate(file, folder)
    if path is None and file.shipped:
        return shipped_metric_folder() / file.shipped
    path = path or fetch(file, target)
    if not digest(path).startswith(file.sha256):
        raise WeightsError(
            f"{with_tilde(path)} is not the published {file.name}: its sha256 must begin with {file.sha256}; "
            "replace it"
        )
    return path


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


def _hub_folder() -> Path:
    """Folder where torch keeps downloads, found without importing torch."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("TORCH_HOME") or Path(cache) / "torch") / "hub"
