"""The folder of the image cache: where it is, its size, and how it is emptied; torch-free."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

from lowlight_cli import folders
from lowlight_cli.images.replace import TEMPORARY_MARK

_SEGMENT = re.compile(r"[0-9a-f]{32}\.(json|bin)")
_TEMPORARY = re.compile(rf"([0-9a-f]{{32}}\.(json|bin)|probe){re.escape(TEMPORARY_MARK)}\d+")
_INDEX_START = b'{"version": '
DAY_S = 24 * 3600
"""Age in seconds of temporary files that no run writes any more."""


@dataclass(frozen=True, slots=True)
class CacheContent:
    """Files of the cache.

    Attributes:
        folder: The folder, which may be missing.
        files: Its files, without temporary files of the last day, which a run may be writing.
        size: Their size in bytes.
    """

    folder: Path
    files: tuple[Path, ...]
    size: int


def usual_cache_folder() -> Path:
    """The cache folder of the user."""
    return folders.cache_folder() / "pictures"


def cache_content(folder: Path) -> CacheContent:
    """What the cache keeps in a folder; other files there are left out."""
    found = sorted(path for path in folder.glob("*") if _is_of_cache(path)) if folder.is_dir() else []
    return CacheContent(folder, tuple(found), sum(_size(path) for path in found))


def empty_cache(content: CacheContent) -> int:
    """Removes the files, and the folder if it is empty then; returns how many bytes were freed.

    A run that uses them keeps them open on Linux and macOS; on Windows files in use stay.
    """
    freed = 0
    # An index first: without it no run looks for its images.
    for path in sorted(content.files, key=lambda path: path.suffix != ".json"):
        size = _size(path)
        try:
            path.unlink()
        except OSError:
            continue
        freed += size
    if content.folder.is_dir() and not any(content.folder.iterdir()):
        content.folder.rmdir()
    return freed


def size_text(size: int) -> str:
    """A size in bytes as text: ``0 MB``, ``12.3 MB``, ``4.1 GB``."""
    if size >= 1e9:
        return f"{size / 1e9:.1f} GB"
    return f"{size / 1e6:.1f} MB" if size else "0 MB"


def _is_of_cache(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    if _SEGMENT.fullmatch(path.name):
        return path.suffix == ".bin" or _starts_like_an_index(path)
    return bool(_TEMPORARY.fullmatch(path.name)) and time.time() - _written(path) > DAY_S


def _starts_like_an_index(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_INDEX_START)) == _INDEX_START
    except OSError:
        return False


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()
