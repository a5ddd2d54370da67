"""Lists the images in a folder in natural order, and the files and folders left out."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from lowlight_cli.images.formats import format_of
from lowlight_cli.images.junk_names import is_junk_file, is_junk_folder

STATE_FOLDER = ".lle"
"""Folder inside the output folder for manifest, journal and lock."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files of a folder are read.

    Glob patterns ignore case; one without a slash matches names, one with a slash matches paths relative to
    the folder.

    Attributes:
        recursive: Whether subfolders are searched.
        include: Patterns of the images to read; empty reads all.
        exclude: Patterns of files and folders to leave out.
        hidden: Whether files and folders whose names start with a dot are read.
        follow_symlinks: Whether symbolic links to folders are followed.
    """

    recursive: bool = True
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hidden: bool = False
    follow_symlinks: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """Content of a folder.

    Attributes:
        images: Files with an image extension, in natural order.
        others: Other files.
        closed: Folders that could not be listed.
        loops: Links to folders that were already searched.
        unselected: Number of images that the patterns leave out, besides those in folders left out.
    """

    images: tuple[Path, ...]
    others: tuple[Path, ...]
    closed: tuple[Path, ...]
    loops: tuple[Path, ...] = ()
    unselected: int = 0


def scan_folder(folder: Path, selection: Selection = Selection(), *, leave_out: Sequence[Path] = ()) -> Scan:
    """Lists a folder; leaves out hidden entries and junk files of operating systems.

    Args:
        folder: Folder to search.
        selection: Which files to read.
        leave_out: Folders that are not searched, such as the output folder.
    """
    closed: list[Path] = []
    images: list[Path] = []
    others: list[Path] = []
    unselected = 0
    filter_ = _Filter(folder, selection, leave_out)
    walk = os.walk(
        folder,
        onerror=lambda error: closed.append(Path(error.filename)),
        followlinks=selection.follow_symlinks,
    )
    for root, folders, files in walk:
        here = Path(root)
        folders[:] = [name for name in folders if selection.recursive and filter_.enters(here / name)]
        for name in files:
            path = here / name
            if is_junk_file(name, hidden=selection.hidden):
                continue
            if not format_of(path):
                others.append(path)
            elif filter_.takes(path):
                images.append(path)
            else:
                unselected += 1
    loops = _in_order(filter_.loops)
    return Scan(_in_order(images), _in_order(others), _in_order(closed), loops, unselected)


class _Filter:
    """Selects files and folders; records the folders already searched, to detect loops."""

    def __init__(self, folder: Path, selection: Selection, leave_out: Sequence[Path]) -> None:
        self.loops: list[Path] = []
        self._folder = folder
        self._selection = selection
        self._leave_out = {path.resolve() for path in leave_out}
        self._seen = {_identity(folder)} if selection.follow_symlinks else set()

    def takes(self, path: Path) -> bool:
        include, below = self._selection.include, path.relative_to(self._folder)
        return (not include or _matches(below, include)) and not _matches(below, self._selection.exclude)

    def enters(self, path: Path) -> bool:
        if path.name == STATE_FOLDER or is_junk_folder(path.name, hidden=self._selection.hidden):
            return False
        if _matches(path.relative_to(self._folder), self._selection.exclude):
            return False
        if self._leave_out and path.resolve() in self._leave_out:
            return False
        return self._is_new(path) if self._selection.follow_symlinks else not path.is_symlink()

    def _is_new(self, path: Path) -> bool:
        """Whether a folder was not searched before; records a loop if it was."""
        identity = _identity(path)
        if identity in self._seen:
            self.loops.append(path)
            return False
        self._seen.add(identity)
        return True


def natural_key(path: Path) -> tuple[tuple[tuple[bool, int, str, str], ...], ...]:
    """Sort key by which ``IMG_9`` comes before ``IMG_10``, folder by folder."""
    return tuple(tuple(_chunks(part)) for part in path.parts)


def _chunks(name: str) -> Iterator[tuple[bool, int, str, str]]:
    for chunk in re.split(r"(\d+)", name):
        is_number = chunk.isascii() and chunk.isdigit()
        yield (not is_number, int(chunk) if is_number and len(chunk) < 4000 else 0, chunk.casefold(), chunk)


def _in_order(paths: list[Path]) -> tuple[Path, ...]:
    return tuple(sorted(paths, key=natural_key))


def _matches(path: Path, patterns: Sequence[str]) -> bool:
    return any(_matches_pattern(path, pattern.casefold().rstrip("/")) for pattern in patterns)


def _matches_pattern(path: Path, pattern: str) -> bool:
    below = pattern.removeprefix("**/")
    whole = path.as_posix().casefold()
    return fnmatchcase(whole if "/" in pattern else path.name.casefold(), pattern) or fnmatchcase(
        whole, below
    )


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return -1, hash(path)
    return found.st_dev, found.st_ino
