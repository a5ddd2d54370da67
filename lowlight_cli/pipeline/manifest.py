"""Reads and writes the manifest of an output folder: one JSON line per finished image, append-only.

The last entry of a result counts; a line cut short by a crash is ignored. Each shard of a run writes a part
of its own, ``manifest-0-of-4.jsonl``, which readers merge with the manifest by the times of the runs.
"""

import json
import os
import re
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from lowlight_cli.errors import OutputError
from lowlight_cli.pipeline.scan import STATE_FOLDER

VERSION = 1

_STEM, _ENDING = "manifest", ".jsonl"
_PART = re.compile(r"manifest-\d+-of-\d+\.jsonl")
_RUN_TIME = len("2026-01-31T23:59:59Z")
"""Length of the start time, with which the name of a run starts."""

_SYNC_LINES = 32
_SYNC_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Outcome of one image.

    Attributes:
        v: Version of the format; keys are added, never renamed.
        input: Path of the input relative to the searched folder, or as it was named.
        source: Absolute path of the input.
        in_size: Size of the input in bytes.
        in_mtime_ns: Modification time of the input in nanoseconds.
        output: Path of the result relative to the output folder, with slashes; null if none was planned.
        out_size: Size in bytes of the result in place; null if lle has written none.
        out_mtime_ns: Modification time of the result in nanoseconds.
        out_sha256: SHA-256 of the result in hex.
        options: Hash of the settings that affect results; of a failure, also of what decides whether a file
            can be read.
        model: Name of the model.
        preset: Preset of the model.
        checkpoint_sha256: SHA-256 of the weights in hex; null for a model without weights.
        version: Version of this program.
        status: Outcome.
        error: Code and message of a failure or conflict; null otherwise.
        seconds: Time spent on the image in all threads.
        elapsed: Seconds from the start of the run until the image was finished; null if unknown.
        w: Width in pixels; 0 if unknown.
        h: Height in pixels; 0 if unknown.
        warnings: Codes of what was not kept, such as metadata.
        controls: Requested values of the controls.
        run: Identifier of the run; starts with its start time.
        device: Device that the model ran on; empty if no model was needed.
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
    elapsed: float | None = None
    w: int = 0
    h: int = 0
    warnings: tuple[str, ...] = ()
    controls: Mapping[str, float] = field(default_factory=dict)
    run: str = ""
    device: str = ""
    precision: str = ""

    @property
    def key(self) -> str:
        """Path of the result, or of the input if no result was planned."""
        return self.output if self.output is not None else f"/{self.source}"


def read_manifest(folder: Path) -> dict[str, Entry]:
    """Last entry of each result, by its key; empty if there is no manifest.

    Args:
        folder: The output folder, which contains ``.lle``. Parts written by shards are merged.

    Raises:
        OutputError: The manifest cannot be read.
    """
    return latest_entries(with_parts(read_entries(manifest_path(folder)), manifest_parts(folder)))


def with_parts(entries: list[Entry], parts: Iterable[Path]) -> list[Entry]:
    """Entries of a manifest and of its parts, in the order of their runs.

    Args:
        entries: Entries of the manifest.
        parts: The parts that shards wrote.

    Raises:
        OutputError: A file cannot be read.
    """
    added = [entry for path in parts for entry in read_entries(path)]
    return sorted([*entries, *added], key=lambda entry: entry.run[:_RUN_TIME]) if added else entries


def latest_entries(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Last entry of each result, by its key.

    Args:
        entries: In the order in which they were recorded.
    """
    latest: dict[str, Entry] = {}
    conflicts: dict[str, str] = {}
    for entry in entries:
        # A later outcome of the same input, also under another name, replaces its conflict.
        latest.pop(conflicts.pop(entry.source, ""), None)
        if entry.status == "conflict":
            conflicts[entry.source] = _conflict_key(entry)
        latest[_conflict_key(entry) if entry.status == "conflict" else entry.key] = entry
    return latest


def _conflict_key(entry: Entry) -> str:
    """Key apart from that of the output: a conflict must not hide the entry of the existing file."""
    return f"/{entry.output}/{entry.source}"


def manifest_path(folder: Path, records: str = "") -> Path:
    """Path of the manifest of an output folder.

    Args:
        folder: Output folder.
        records: Ending of the name of a shard's part, as ``Plan.records``.
    """
    return folder / STATE_FOLDER / f"{_STEM}{records}{_ENDING}"


def manifest_parts(folder: Path) -> list[Path]:
    """Parts of the manifest that shards wrote, by name."""
    try:
        with os.scandir(folder / STATE_FOLDER) as entries:
            return sorted(Path(entry.path) for entry in entries if _PART.fullmatch(entry.name))
    except OSError:  # there is none
        return []


def read_entries(path: Path) -> list[Entry]:
    """Entries of a manifest or journal, in order; invalid lines are ignored.

    Raises:
        OutputError: The file cannot be read.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise OutputError(f"cannot read '{path}': {error.strerror}") from error
    return [entry for line in lines if (entry := _entry_of(line)) is not None]


class ManifestWriter:
    """Appends to a manifest or journal; writes each line at once, and syncs every few lines and on close.

    Args:
        path: The file; created with the first line.
        sync_pause_s: Least seconds from one sync to the next, for which whoever adds a line waits.
    """

    def __init__(self, path: Path, *, sync_pause_s: float = 0.0) -> None:
        self._path = path
        self._file: int | None = None
        self._sync_pause_s = sync_pause_s
        self._unsynced = 0
        self._synced_at = time.monotonic()
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        """Appends a line; thread-safe.

        Raises:
            OutputError: The file cannot be written.
        """
        try:
            with self._lock:
                os.write(self._opened(), line_of(entry))
                self._unsynced += 1
                if self._is_due(time.monotonic() - self._synced_at):
                    self._sync()
        except OSError as error:
            raise OutputError(f"cannot write '{self._path}': {error.strerror}") from error

    def close(self) -> None:
        """Syncs all lines to the disk and closes the file.

        Raises:
            OutputError: The file cannot be written.
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
                os.write(self._file, b"\n")  # ends a line cut short by a crash
        return self._file

    def _is_due(self, seconds: float) -> bool:
        """Whether to sync, if the last time was so many seconds ago."""
        return seconds > (self._sync_pause_s if self._unsynced >= _SYNC_LINES else _SYNC_SECONDS)

    def _sync(self) -> None:
        if self._file is not None:
            os.fsync(self._file)
        self._unsynced, self._synced_at = 0, time.monotonic()


def line_of(entry: Entry) -> bytes:
    """An entry as one line of JSON; file names that are not valid UTF-8 are escaped."""
    data = {name: getattr(entry, name) for name in _FIELDS}  # ``asdict`` would copy each value
    try:
        return _PLAIN_JSON.encode(data).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(data, default=dict).encode() + b"\n"


_PLAIN_JSON = json.JSONEncoder(ensure_ascii=False, default=dict)


def _entry_of(line: bytes) -> Entry | None:
    try:
        data: Any = json.loads(line)
        known = {name: data[name] for name in _FIELDS if name in data}
        return Entry(**{**known, "warnings": tuple(known.get("warnings", ()))})
    except (ValueError, TypeError, KeyError):
        return None


_FIELDS = tuple(each.name for each in fields(Entry))
