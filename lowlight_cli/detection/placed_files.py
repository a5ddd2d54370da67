"""Record of the files that runs put into a dataset: what a later run may replace or remove, and nothing else.

An image that moved to another split must not stay in the old one: it would be in training and test data. An
original must not stay where an enhanced image belongs. What a user put there must stay.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lowlight_cli.detection.variants import LABELS
from lowlight_cli.images.replace import replace_file

_RECORD = Path(".lle", "detect-prep.json")
VERSION = 2

Stat = tuple[int, int]
"""Size in bytes and modification time in nanoseconds of a file, or of a link itself."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A file of an earlier run.

    Attributes:
        kind: What it is: a variant, or ``labels`` for a text file or preview; empty if not recorded.
        stat: How the file was left; None if the run did not end.
    """

    kind: str = ""
    stat: Stat | None = None


class PlacedFiles:
    """Files of earlier runs in a dataset, by their paths relative to it, with slashes.

    Args:
        folder: Folder of the dataset.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = _read(folder / _RECORD)

    def is_own(self, name: str) -> bool:
        """Whether an earlier run placed a file, and nobody has changed it since."""
        placed = self._files.get(name)
        stat = _stat_of(self._folder / name)
        return placed is not None and stat is not None and placed.stat in (None, stat)

    def foreign(self, files: Mapping[str, str]) -> frozenset[str]:
        """Those of the files that exist and are not those of an earlier run.

        Labels of an earlier run remain its own when they are edited: they are always written anew.
        """
        own = {name for name, kind in files.items() if kind == LABELS and name in self._files}
        others = (name for name in files if name not in own and not self.is_own(name))
        return frozenset(name for name in others if _stat_of(self._folder / name) is not None)

    def begin(self, files: Mapping[str, str], foreign: frozenset[str]) -> None:
        """Makes way for files, and records them, so that an interrupted run leaves no unknown ones.

        Files of earlier runs that are of another kind are removed: a run that resumes would keep them.

        Args:
            files: The kind of each file that this run may write.
            foreign: Those that exist, and were not placed by an earlier run.

        Raises:
            ImageError: The record cannot be written.
        """
        for name, kind in files.items():
            placed = self._files.get(name)
            if placed and placed.kind not in ("", kind) and self.is_own(name):
                _remove(self._folder, name)
        new = {name: Placed(kind) for name, kind in files.items() if name not in foreign}
        self._write(self._files | new)

    def end(self, files: Mapping[str, str], *, has_images: bool = True) -> int:
        """Removes files of earlier runs that this one does not have, and records those that it has.

        Only recorded, unchanged files inside the folder are removed, and folders that are empty without them.

        Args:
            files: The kind of each file that this run placed or left as it was.
            has_images: Whether it was about images, too; otherwise those of earlier runs stay.

        Returns:
            Number of files removed.

        Raises:
            ImageError: The record cannot be written.
        """
        old = {name: placed for name, placed in self._files.items() if name not in files}
        kept = {} if has_images else {name: placed for name, placed in old.items() if placed.kind != LABELS}
        stale = sorted(name for name in old if name not in kept and self.is_own(name))
        removed = sum(_remove(self._folder, name) for name in stale)
        stats = {name: _stat_of(self._folder / name) for name in files}
        self._write(kept | {name: Placed(files[name], stat) for name, stat in stats.items() if stat})
        return removed

    def _write(self, files: Mapping[str, Placed]) -> None:
        self._files = dict(files)
        rows = {name: [each.kind, *(each.stat or ())] for name, each in sorted(files.items())}
        content = json.dumps({"v": VERSION, "files": rows}, ensure_ascii=True, indent=0)
        replace_file(self._folder / _RECORD, content.encode())


def _read(record: Path) -> dict[str, Placed]:
    """The record; empty without an earlier run."""
    try:
        content = json.loads(record.read_bytes())
    except (OSError, ValueError):
        return {}
    files = content.get("files") if isinstance(content, dict) else None
    if isinstance(files, list):  # version 1 had names only
        return {name: Placed() for name in files if isinstance(name, str)}
    return {name: _placed_of(row) for name, row in files.items()} if isinstance(files, dict) else {}


def _placed_of(row: Any) -> Placed:  # noqa: ANN401 - any JSON
    match row:
        case [str(kind), int(size), int(modified)]:
            return Placed(kind, (size, modified))
        case [str(kind)]:
            return Placed(kind)
        case _:
            return Placed()


def _stat_of(path: Path) -> Stat | None:
    try:
        stat = path.lstat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


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
