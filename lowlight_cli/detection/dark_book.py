"""Which dark pictures were made from what, and on what terms: one JSON line each, only ever appended to."""

import json
from pathlib import Path
from typing import Any

from lowlight_cli.errors import ImageError

_BOOK = Path(".lle", "darkened.jsonl")


class DarkBook:
    """Tells dark pictures that can stay from those that must be made again.

    Args:
        root: Top folder of the dark pictures.
        terms: Everything that decides what they look like, as one text.
    """

    def __init__(self, root: Path, terms: str) -> None:
        self._root = root
        self._terms = terms
        self._entries = _read(root / _BOOK)

    @property
    def is_empty(self) -> bool:
        """Whether no picture was ever noted."""
        return not self._entries

    def holds(self, target: Path, source: Path) -> bool:
        """Whether a picture lies there as it was made, from the same source on the same terms."""
        facts = self._facts(target, source)
        return facts["target"] is not None and self._entries.get(self._key(target)) == facts

    def note(self, target: Path, source: Path) -> None:
        """Notes a picture that was just made.

        Raises:
            ImageError: ``write``: the book cannot be written.
        """
        line = json.dumps({"key": self._key(target), **self._facts(target, source)})
        try:
            (self._root / _BOOK).parent.mkdir(parents=True, exist_ok=True)
            with (self._root / _BOOK).open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        except OSError as error:
            raise ImageError("write", f"{self._root / _BOOK}: {error.strerror}") from error

    def _key(self, target: Path) -> str:
        return target.relative_to(self._root).as_posix()

    def _facts(self, target: Path, source: Path) -> dict[str, Any]:
        return {"terms": self._terms, "source": _stamp(source), "target": _stamp(target)}


def _stamp(path: Path) -> list[int] | None:
    """Size and time of a file; None where there is none."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return [facts.st_size, facts.st_mtime_ns]


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """The last whole line about each picture."""
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
