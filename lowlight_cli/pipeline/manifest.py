"""The manifest of an output folder: one JSON line per finished image, added at the end.

The last entry of a result counts; a line cut short by a crash is ignored. Each shard of a run writes a part
of its own, ``manifest-0-of-4.jsonl``, which readers merge with the manifest by the times of the runs.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from lowlight_cli.errors import ImageError, OutputError
from lowlight_cli.images.replace import replace_file
from lowlight_cli.pipeline.scan import STATE_FOLDER

VERSION = 1

_STEM, _ENDING = "manifest", ".jsonl"
_PART = re.compile(r"manifest-\d+-of-\d+\.jsonl")
_RUN_TIME = len("2026-01-31T23:59:59Z")
"""Length of the start time, with which the name of a run starts."""

_OUTPUT = re.compile(rb'"output": "(?:[^"\\]|\\.)*"')
"""The output of an entry in its line; counting these takes a tenth of the time of reading the lines."""

_KEPT_LINES = 1000
"""Replaced lines that are never worth writing the manifest again."""


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
    return [entry for line in _read(path).split(b"\n") if (entry := _entry_of(line)) is not None]


def compact_manifest(folder: Path) -> None:
    """Removes lines that later ones replaced, once these are the larger part.

    What remains is byte for byte as it was, also keys that a later version added. If the disk is full, the
    manifest stays as it is. The caller alone uses the folder.

    Args:
        folder: Output folder.

    Raises:
        OutputError: The manifest cannot be read.
    """
    path = manifest_path(folder)
    data = _read(path)
    if data.count(b"\n") <= 2 * len(set(_OUTPUT.findall(data))) + _KEPT_LINES:
        return
    parsed = [(line, entry) for line in data.split(b"\n") if (entry := _entry_of(line)) is not None]
    last = {id(entry) for entry in latest_entries(entry for _, entry in parsed).values()}
    with suppress(ImageError, OSError):
        kept = b"".join(line + b"\n" for line, entry in parsed if id(entry) in last)
        replace_file(path, kept, attributes_of=path)


def _read(path: Path) -> bytes:
    """Content of a manifest or journal; empty if there is none."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as error:
        raise OutputError(f"cannot read '{path}': {error.strerror}") from error


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
