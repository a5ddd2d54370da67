"""What lies in a folder: pictures in a natural order, and everything else counted."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.images.formats import format_of
from lowlight_cli.images.replace import TEMPORARY_MARK

_JUNK_FILES = frozenset({"Thumbs.db", "desktop.ini"})
_JUNK_FOLDERS = frozenset({"@eaDir", "__MACOSX"})


@dataclass(frozen=True, slots=True)
class Scan:
    """What a folder holds.

    Attributes:
        pictures: Files that are named like pictures, in natural order.
        others: Files that are not.
        closed: Folders that could not be listed.
    """

    pictures: tuple[Path, ...]
    others: tuple[Path, ...]
    closed: tuple[Path, ...]


def scan_folder(folder: Path, *, recursive: bool, leave_out: Path | None = None) -> Scan:
    """Lists a folder; hidden entries, junk of other programs and links to folders are passed over.

    Args:
        folder: Where to look.
        recursive: Whether to look into folders inside it.
        leave_out: A folder whose content does not count: the place of the results.
    """
    pictures: list[Path] = []
    others: list[Path] = []
    closed: list[Path] = []
    without = leave_out.resolve() if leave_out else None
    for place, folders, files in os.walk(folder, onerror=lambda error: closed.append(Path(error.filename))):
        here = Path(place)
        wanted = [name for name in folders if recursive and not _is_junk_folder(here / name, without)]
        folders[:] = wanted
        for name in files:
            if not _is_junk_file(name):
                (pictures if format_of(Path(name)) else others).append(here / name)
    return Scan(_in_order(pictures), _in_order(others), _in_order(closed))


def natural_key(path: Path) -> tuple[tuple[tuple[bool, int, str, str], ...], ...]:
    """Sorting key by which ``IMG_9`` comes before ``IMG_10``, folder by folder."""
    return tuple(tuple(_chunks(part)) for part in path.parts)


def _chunks(name: str) -> Iterator[tuple[bool, int, str, str]]:
    for chunk in re.split(r"(\d+)", name):
        is_number = chunk.isascii() and chunk.isdigit()
        yield (not is_number, int(chunk) if is_number and len(chunk) < 4000 else 0, chunk.casefold(), chunk)


def _in_order(paths: list[Path]) -> tuple[Path, ...]:
    return tuple(sorted(paths, key=natural_key))


def _is_junk_folder(folder: Path, without: Path | None) -> bool:
    hidden = folder.name.startswith(".") or folder.name in _JUNK_FOLDERS
    return hidden or folder.is_symlink() or (without is not None and folder.resolve() == without)


def _is_junk_file(name: str) -> bool:
    return name.startswith(".") or name in _JUNK_FILES or TEMPORARY_MARK in name
