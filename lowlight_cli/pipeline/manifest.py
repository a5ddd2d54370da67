"""The book of a folder of results: one JSON line for each picture that came to an end, only ever appended to.

The last line about a result counts; a line that was cut short by a crash is passed over.
"""

import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from lowlight_cli.errors import OutputError
from lowlight_cli.pipeline.scan import STATE_FOLDER

VERSION = 1
MANIFEST_NAME = "manifest.jsonl"

_SYNC_LINES = 32
_SYNC_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What became of one picture.

    Attributes:
        v: Version of the form; keys are added, never renamed.
        input: The picture, relative to the folder that was searched, or as it was named.
        source: Its absolute path.
        in_size: Its bytes.
        in_mtime_ns: Time of its last change in nanoseconds.
        output: The result, relative to the folder of results, with slashes; null where none was planned.
        out_size: Bytes of the result that lies there; null where this program put none there.
        out_mtime_ns: Time of its last change in nanoseconds.
        out_sha256: SHA-256 of its content in hex.
        options: Hash of everything that changes pixels or files.
        model: Name of the model.
        preset: Its size.
        checkpoint_sha256: SHA-256 of its weights in hex; null for a model without.
        version: Version of this program.
        status: How it ended.
        error: Code and words of a failure; null otherwise.
        seconds: Time spent on it in all threads.
        w: Columns; 0 where unknown.
        h: Rows; 0 where unknown.
        warnings: Short codes of what was not kept.
        controls: Strengths that were asked for.
        run: Name of the run; starts with its time.
        device: What it ran on; empty where no model was needed.
        precision: Number format.
    """

    v: int = VERSION
    input: str
    source: str
    in_size: int = 0
    in_mtime_ns: int = 0
    output: str | None = None
    out_size: int | None = None
    out_mtime_ns: int | None = None
    out_sha256: str | None = None
    options: str = ""
    model: str = ""
    preset: str | None = None
    checkpoint_sha256: str | None = None
    version: str = ""
    status: Literal["ok", "skipped", "failed", "conflict"] = "ok"
    error: Mapping[str, str] | None = None
    seconds: float = 0.0
    w: int = 0
    h: int = 0
    warnings: tuple[str, ...] = ()
    controls: Mapping[str, float] = field(default_factory=dict)
    run: str = ""
    device: str = ""
    precision: str = ""

    @property
    def key(self) -> str:
        """What the entry is about: the result, or the input where no result was planned."""
        return self.output if self.output is not None else f"/{self.source}"


def read_manifest(folder: Path) -> dict[str, Entry]:
    """The last word about each result in a folder, by its relative path; empty where there is no book.

    Args:
        folder: The folder of results, which holds ``.lle``.
    """
    book: dict[str, Entry] = {}
    conflicts: dict[str, str] = {}
    for entry in read_entries(manifest_path(folder)):
        # What is made under another name leaves no conflict behind.
        book.pop(conflicts.pop(entry.source, ""), None)
        if entry.status == "conflict":
            conflicts[entry.source] = _conflict_key(entry)
        book[_conflict_key(entry) if entry.status == "conflict" else entry.key] = entry
    return book


def _conflict_key(entry: Entry) -> str:
    """A conflict says nothing about the result that is there, so the word on that stays."""
    return f"/{entry.output}/{entry.source}"


def manifest_path(folder: Path) -> Path:
    """Place of the book of a folder of results."""
    return folder / STATE_FOLDER / MANIFEST_NAME


def read_entries(path: Path) -> list[Entry]:
    """Every whole line of a book, in order; lines that are none are passed over."""
    try:
        lines = path.read_bytes().split(b"\n")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise OutputError(f"cannot read '{path}': {error.strerror}") from error
    return [entry for line in lines if (entry := _entry_of(line)) is not None]


class ManifestWriter:
    """Appends to a book; each line goes out at once, and reaches the disk every few lines and at the end.

    Args:
        path: The book; it is made with its first line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._unsynced = 0
        self._synced_at = time.monotonic()
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        """Appends a line; may be called from any thread.

        Raises:
            OutputError: It cannot be written.
        """
        try:
            with self._lock:
                os.write(self._opened(), line_of(entry))
                self._unsynced += 1
                if self._unsynced >= _SYNC_LINES or time.monotonic() - self._synced_at > _SYNC_SECONDS:
                    self._sync()
        except OSError as error:
            raise OutputError(f"cannot write '{self._path}': {error.strerror}") from error

    def close(self) -> None:
        """Makes sure that every line is on the disk.

        Raises:
            OutputError: It cannot be done.
        """
        if self._file is None:
            return
        file, self._file = self._file, None
        try:
            os.fsync(file)
        except OSError as error:
            raise OutputError(f"cannot write '{self._path}': {error.strerror}") from error
        finally:
            os.close(file)

    def _opened(self) -> int:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            size = os.fstat(self._file).st_size
            if size and os.pread(self._file, 1, size - 1) != b"\n":
                os.write(self._file, b"\n")  # ends the line that a crash cut short
        return self._file

    def _sync(self) -> None:
        if self._file is not None:
            os.fsync(self._file)
        self._unsynced, self._synced_at = 0, time.monotonic()


def line_of(entry: Entry) -> bytes:
    """An entry as one line of JSON; a name whose bytes are no UTF-8 is written with escapes."""
    data = asdict(entry)
    try:
        return json.dumps(data, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(data).encode() + b"\n"


def _entry_of(line: bytes) -> Entry | None:
    try:
        data: Any = json.loads(line)
        known = {name: data[name] for name in _FIELDS if name in data}
        return Entry(**{**known, "warnings": tuple(known.get("warnings", ()))})
    except (ValueError, TypeError, KeyError):
        return None


_FIELDS = tuple(each.name for each in fields(Entry))
