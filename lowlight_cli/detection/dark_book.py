"""Record of darkened images: for each the source and the settings, one JSON line each, append-only."""

import json
from pathlib import Path
from typing import Any

from lowlight_cli.errors import ImageError

_RECORD = Path(".lle", "darkened.jsonl")


class DarkBook:
    """Knows which darkened images are up to date.

    Args:
        root: Top folder of the darkened images.
        terms: Everything that determines their pixels, as one text.
    """

    def __init__(self, root: Path, terms: str) -> None:
        self._root = root
        self._terms = terms
        self._entries = _read(root / _RECORD)

    @property
    def is_empty(self) -> bool:
        """Whether no image was recorded."""
        return not self._entries

    def holds(self, target: Path, source: Path) -> bool:
        """Whether a darkened image is unchanged, and its source and settings are the same."""
        facts = self._facts(target, source)
        return facts["target"] is not None and self._entries.get(self._key(target)) == facts

    def note(self, target: Path, source: Path) -> None:
        """Records an image that was just written.

        Raises:
            ImageError: ``write``: the record cannot be written.
        """
        line = json.dumps({"key": self._key(target), **self._facts(target, source)})
        try:
            (self._root / _RECORD).parent.mkdir(parents=True, exist_ok=True)
            with (self._root / _RECORD).open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        except OSError as error:
            raise ImageError("write", f"{self._root / _RECORD}: {error.strerror}") from error

    def _key(self, target: Path) -> str:
        return target.relative_to(self._root).as_posix()

    def _facts(self, target: Path, source: Path) -> dict[str, Any]:
        return {"terms": self._terms, "source": _stat(source), "target": _stat(target)}


def _stat(path: Path) -> list[int] | None:
    """Size and modification time of a file; None if there is no file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return [stat.st_size, stat.st_mtime_ns]


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """The last valid entry of each image."""
    entries = {}
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return {}
    for line in lines:
        try:
            entry = json.loads(line)
            entries[entry.pop("key")] = entry
        except (ValueError, TypeError, KeyError, AttributeError):
            continue  # cut short by a crash
    return entries
