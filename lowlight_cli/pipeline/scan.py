"""What lies in a folder: pictures in a natural order, and everything else counted."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from lowlight_cli.images.formats import format_of
from lowlight_cli.images.replace import TEMPORARY_MARK

STATE_FOLDER = ".lle"
"""Folder inside the results in which runs keep their books."""

_JUNK_FILES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_JUNK_FOLDERS = frozenset({"@eaDir", "__MACOSX", STATE_FOLDER})


@dataclass(frozen=True, slots=True)
class Selection:
    """What is taken of a folder.

    Patterns are those of a shell, whatever the case; one without a slash is about names, one with a slash
    about paths below the folder.

    Attributes:
        recursive: Whether folders in folders are searched.
        include: Pictures that match none are passed over; all are taken where there is no pattern.
        exclude: Files and folders that match one are passed over.
        hidden: Whether names that start with a dot count.
        follow_symlinks: Whether folders behind symbolic links are searched.
    """

    recursive: bool = True
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hidden: bool = False
    follow_symlinks: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """What a folder holds.

    Attributes:
        pictures: Files that are named like pictures, in natural order.
        others: Files that are not.
        closed: Folders that could not be listed.
        loops: Links to folders that were searched already.
    """

    pictures: tuple[Path, ...]
    others: tuple[Path, ...]
    closed: tuple[Path, ...]
    loops: tuple[Path, ...] = ()


def scan_folder(folder: Path, selection: Selection = Selection(), *, leave_out: Sequence[Path] = ()) -> Scan:
    """Lists a folder; hidden entries and junk of other programs are passed over.

    Args:
        folder: Where to look.
        selection: What to take.
        leave_out: Folders whose content does not count: the place of the results.
    """
    closed: list[Path] = []
    pictures: list[Path] = []
    others: list[Path] = []
    gate = _Gate(folder, selection, leave_out)
    walk = os.walk(
        folder,
        onerror=lambda error: closed.append(Path(error.filename)),
        followlinks=selection.follow_symlinks,
    )
    for place, folders, files in walk:
        here = Path(place)
        folders[:] = [name for name in folders if selection.recursive and gate.enters(here / name)]
        for name in files:
            path = here / name
            if not format_of(path):
                others += [] if _is_junk_file(name, hidden=selection.hidden) else [path]
            elif gate.takes(path):
                pictures.append(path)
    return Scan(_in_order(pictures), _in_order(others), _in_order(closed), _in_order(gate.loops))


class _Gate:
    """Decides about each entry of a folder; remembers the folders it let through."""

    def __init__(self, folder: Path, selection: Selection, leave_out: Sequence[Path]) -> None:
        self.loops: list[Path] = []
        self._folder = folder
        self._selection = selection
        self._leave_out = {path.resolve() for path in leave_out}
        self._seen = {_identity(folder)} if selection.follow_symlinks else set()

    def takes(self, path: Path) -> bool:
        include = self._selection.include
        wanted = not include or _matches(path.relative_to(self._folder), include)
        return (
            wanted
            and not _is_junk_file(path.name, hidden=self._selection.hidden)
            and not _matches(path.relative_to(self._folder), self._selection.exclude)
        )

    def enters(self, path: Path) -> bool:
        hidden = path.name.startswith(".") and not self._selection.hidden
        if hidden or path.name in _JUNK_FOLDERS:
            return False
        if _matches(path.relative_to(self._folder), self._selection.exclude):
            return False
        if self._leave_out and path.resolve() in self._leave_out:
            return False
        return self._is_new(path) if self._selection.follow_symlinks else not path.is_symlink()

    def _is_new(self, path: Path) -> bool:
        """Whether a folder was not searched yet; links may lead in circles."""
        identity = _identity(path)
        if identity in self._seen:
            self.loops.append(path)
            return False
        self._seen.add(identity)
        return True


def natural_key(path: Path) -> tuple[tuple[tuple[bool, int, str, str], ...], ...]:
    """Sorting key by which ``IMG_9`` comes before ``IMG_10``, folder by folder."""
    return tuple(tuple(_chunks(part)) for part in path.parts)


def _chunks(name: str) -> Iterator[tuple[bool, int, str, str]]:
    for chunk in re.split(r"(\d+)", name):
        is_number = chunk.isascii() and chunk.isdigit()
        yield (not is_number, int(chunk) if is_number and len(chunk) < 4000 else 0, chunk.casefold(), chunk)


def _in_order(paths: list[Path]) -> tuple[Path, ...]:
    return tuple(sorted(paths, key=natural_key))


def _matches(path: Path, patterns: Sequence[str]) -> bool:
    return any(_is_like(path, pattern.casefold().rstrip("/")) for pattern in patterns)


def _is_like(path: Path, pattern: str) -> bool:
    below = pattern.removeprefix("**/")
    whole = path.as_posix().casefold()
    return fnmatchcase(whole if "/" in pattern else path.name.casefold(), pattern) or fnmatchcase(
        whole, below
    )


def _is_junk_file(name: str, *, hidden: bool) -> bool:
    is_hidden = name.startswith("._") or (name.startswith(".") and not hidden)
    return is_hidden or name.lower() in _JUNK_FILES or TEMPORARY_MARK in name


def _identity(path: Path) -> tuple[int, int]:
    try:
        facts = path.stat()
    except OSError:
        return -1, hash(path)
    return facts.st_dev, facts.st_ino
