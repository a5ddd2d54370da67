"""A folder through ``lle enhance``, and whether its events, its manifest and its files agree."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.corpus_check.findings import Fault

_STATUSES = ("ok", "skipped", "failed", "conflict")

_FOREIGN = re.compile(
    r"libpng|TIFF\w+:|Corrupt JPEG|JPEG datastream|Premature end|Invalid SOS|data corrupted at|LibRaw"
    r"|OpenCV|cv::|<tifffile|[A-Za-z]+Warning:|Traceback"
)
"""What libraries write to stderr, and this program does not."""


@dataclass(frozen=True, slots=True)
class Item:
    """What the program says about one image.

    Attributes:
        source: The original.
        target: The result; None where none was made.
        status: ok, skipped, failed or conflict.
        code: Of a failure.
        message: Of a failure.
        warnings: Codes.
        sha256: Of the result, as the event says.
        size: Bytes of the result, as the event says.
    """

    source: Path
    target: Path | None
    status: str
    code: str = ""
    message: str = ""
    warnings: tuple[str, ...] = ()
    sha256: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run that ended.

    Attributes:
        items: One for each image.
        faults: Of the run itself.
        seconds: As the program says.
    """

    items: tuple[Item, ...]
    faults: tuple[Fault, ...]
    seconds: float


def digests(folder: Path) -> dict[str, tuple[str, int]]:
    """SHA-256 and time of the last change of every file below a folder, by its relative path."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found[str(path.relative_to(folder))] = (digest, path.stat().st_mtime_ns)
    return found


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> list[Fault]:
    """Faults of kind ``original``: files that are not what they were, gone, or new."""
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return [
        Fault("original", name, "changed" if name in before and name in after else "gone or new")
        for name in names
    ]


def enhance(folder: Path, out: Path, options: Sequence[str], timeout: float) -> Run:
    """Runs the model that changes nothing over a folder, and checks what the run says about itself.

    Args:
        folder: Originals.
        out: Folder for the results; not there yet, or empty.
        options: More options of ``lle enhance``.
        timeout: Seconds after which the run counts as hanging.
    """
    words = [sys.executable, "-m", "lowlight_cli", "enhance", str(folder), "-o", str(out)]
    words += ["--model", "identity", "--device", "cpu", "--precision", "fp32", "--min-free", "0"]
    words += ["--on-exist", "rename", "--json", *options]
    try:
        done = subprocess.run(words, capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as error:
        events = _events(error.stdout or b"")
        return Run(_items(events), (Fault("run", str(folder), f"no end after {timeout:g} s"),), timeout)
    events = _events(done.stdout)
    items = _items(events)
    faults = [
        *count_faults(folder, events, items, done.returncode, done.stderr.decode("utf-8", "replace")),
        *manifest_faults(out, items),
        *file_faults(out, items),
        *stderr_faults(done.stderr.decode("utf-8", "replace")),
        *(Fault("internal", str(item.source), item.message) for item in items if item.code == "internal"),
    ]
    return Run(items, tuple(faults), next((event["s"] for event in events if event["event"] == "end"), 0.0))


def _events(text: bytes) -> list[dict[str, Any]]:
    lines = (line for line in text.splitlines() if line.startswith(b"{") and line.endswith(b"}"))
    return [json.loads(line) for line in lines]


def _items(events: Sequence[Mapping[str, Any]]) -> tuple[Item, ...]:
    return tuple(
        Item(
            Path(event["in"]),
            Path(event["out"]) if event.get("out") and event["status"] == "ok" else None,
            event["status"],
            (event.get("error") or {}).get("code", ""),
            (event.get("error") or {}).get("msg", ""),
            tuple(event.get("warn") or ()),
            event.get("sha256"),
            event.get("bytes"),
        )
        for event in events
        if event["event"] == "item"
    )


def count_faults(
    folder: Path, events: Sequence[Mapping[str, Any]], items: Sequence[Item], code: int, said: str
) -> Iterator[Fault]:
    """Whether every file has one outcome, and the counts of the end are those of the events.

    Args:
        folder: Originals.
        events: All of them.
        items: The events of images.
        code: What the program ended with.
        said: What it wrote to stderr.
    """
    end = next((event for event in events if event["event"] == "end"), None)
    if end is None:
        last = said.strip().splitlines()[-1:] or ["nothing on stderr"]
        yield Fault("run", str(folder), f"exit code {code} without an end event; {last[0]}")
        return
    if code != end["exit"] or code not in (0, 3, 4):
        yield Fault("run", str(folder), f"exit code {code}; the end event says {end['exit']}")
    counted = Counter(item.status for item in items)
    for status in _STATUSES:
        if counted[status] != end[status]:
            yield Fault("run", str(folder), f"{counted[status]} items {status}, the end says {end[status]}")
    total = sum(end[key] for key in (*_STATUSES, "ignored", "left"))
    there = sum(1 for _ in _inputs(folder))
    if not total == end["inputs"] == there:
        yield Fault("run", str(folder), f"{there} files, {end['inputs']} inputs, {total} outcomes")
    twice = [path for path, count in Counter(item.source for item in items).items() if count > 1]
    if twice:
        yield Fault("run", str(twice[0]), "an image with two outcomes")


def _inputs(folder: Path) -> Iterator[Path]:
    """Files that the program counts: neither hidden, nor behind a link to a folder."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(place, name) for name in names if not name.startswith("."))


def manifest_faults(out: Path, items: Sequence[Item]) -> Iterator[Fault]:
    """Whether the manifest has the same outcomes as the events."""
    book = out / ".lle" / "manifest.jsonl"
    lines = [json.loads(line) for line in book.read_bytes().splitlines()] if book.is_file() else []
    written = {(line["source"], line["status"], line["out_sha256"]) for line in lines}
    told = {(str(item.source.absolute()), item.status, item.sha256) for item in items}
    for source, status, _ in sorted(written ^ told, key=str):
        yield Fault("run", source, f"{status}: events and manifest differ")


def file_faults(out: Path, items: Sequence[Item]) -> Iterator[Fault]:
    """Whether the files are those of the events, byte for byte."""
    made = {path for path in out.rglob("*") if path.is_file() and ".lle" not in path.parts}
    for item in items:
        if item.target is None:
            continue
        if item.target not in made:
            yield Fault("run", str(item.source), f"'{item.target.name}' was not written")
            continue
        made.remove(item.target)
        data = item.target.read_bytes()
        if (len(data), hashlib.sha256(data).hexdigest()) != (item.size, item.sha256):
            yield Fault("run", str(item.source), "the result is not the one of the event")
    for path in sorted(made):
        yield Fault("run", str(path), "no event tells of this file")


def stderr_faults(text: str) -> Iterator[Fault]:
    """Lines that no one but a library writes."""
    for line in text.splitlines():
        own = line.startswith(("failed  ", "warning  ", "retry:", "lle: "))
        if not own and _FOREIGN.search(line):
            yield Fault("stderr", line[:160], "written by a library")
