"""Which files an earlier run put into a data set, so that those of no use any more can go.

A picture that moved to another split must not stay in the old one: it would be learned from and tested on.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from lowlight_cli.images.replace import replace_file

_BOOK = Path(".lle", "detect-prep.json")
VERSION = 1


def placed_before(folder: Path) -> set[str]:
    """Files of the last run, relative to the data set, with slashes; empty where there was none."""
    try:
        content = json.loads((folder / _BOOK).read_bytes())
    except (OSError, ValueError):
        return set()
    files = content.get("files") if isinstance(content, dict) else None
    return {name for name in files if isinstance(name, str)} if isinstance(files, list) else set()


def remove_stale(folder: Path, files: Iterable[str]) -> int:
    """Removes what earlier runs put there and this one does not, and notes what it does.

    Nothing but files named in the book is ever removed, and none outside of the folder.

    Args:
        folder: The data set.
        files: What belongs there now, relative, with slashes.

    Returns:
        Number of files removed.

    Raises:
        ImageError: The book cannot be written.
    """
    wanted = set(files)
    stale = placed_before(folder) - wanted
    removed = sum(_remove(folder, name) for name in sorted(stale))
    content = json.dumps({"v": VERSION, "files": sorted(wanted)}, ensure_ascii=True, indent=0)
    replace_file(folder / _BOOK, content.encode())
    return removed


def add_to_book(folder: Path, files: Iterable[str]) -> None:
    """Notes files before they are made, so that a run that breaks off leaves none unknown.

    Raises:
        ImageError: The book cannot be written.
    """
    content = {"v": VERSION, "files": sorted(placed_before(folder) | set(files))}
    replace_file(folder / _BOOK, json.dumps(content, ensure_ascii=True, indent=0).encode())


def _remove(folder: Path, name: str) -> bool:
    path = folder / name
    if ".." in Path(name).parts or Path(name).is_absolute():
        return False
    try:
        path.unlink()
    except OSError:
        return False
    return True
