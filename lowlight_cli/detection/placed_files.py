"""Record of the files that runs put into a dataset, so that outdated ones can be removed.

An image that moved to another split must not stay in the old one: it would be in training and test data.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from lowlight_cli.images.replace import replace_file

_RECORD = Path(".lle", "detect-prep.json")
VERSION = 1


def placed_before(folder: Path) -> set[str]:
    """Files of the last run, relative to the dataset, with slashes; empty without an earlier run."""
    try:
        content = json.loads((folder / _RECORD).read_bytes())
    except (OSError, ValueError):
        return set()
    files = content.get("files") if isinstance(content, dict) else None
    return {name for name in files if isinstance(name, str)} if isinstance(files, list) else set()


def remove_stale(folder: Path, files: Iterable[str]) -> int:
    """Removes files of earlier runs that this one does not write, and records those that it does.

    Only recorded files inside the folder are removed, and folders that are empty without them.

    Args:
        folder: Folder of the dataset.
        files: Files of this run, relative, with slashes.

    Returns:
        Number of files removed.

    Raises:
        ImageError: The record cannot be written.
    """
    current = set(files)
    stale = placed_before(folder) - current
    removed = sum(_remove(folder, name) for name in sorted(stale))
    content = json.dumps({"v": VERSION, "files": sorted(current)}, ensure_ascii=True, indent=0)
    replace_file(folder / _RECORD, content.encode())
    return removed


def add_placed(folder: Path, files: Iterable[str]) -> None:
    """Records files before they are written, so that an interrupted run leaves no unknown files.

    Raises:
        ImageError: The record cannot be written.
    """
    content = {"v": VERSION, "files": sorted(placed_before(folder) | set(files))}
    replace_file(folder / _RECORD, json.dumps(content, ensure_ascii=True, indent=0).encode())


def _remove(folder: Path, name: str) -> bool:
    path = folder / name
    if ".." in Path(name).parts or Path(name).is_absolute():
        return False
    try:
        path.unlink()
    except OSError:
        return False
    for parent in path.parents:
        if parent == folder or not _remove_if_empty(parent):
            break
    return True


def _remove_if_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True
