"""Recovers results of killed runs from a journal, removes their temporary files, and hashes files.

The manifest records a result after it is written. If a run is killed in between, the result has no entry and
would look like a file of the user; the journal records its digest before it is written.
"""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lowlight_cli.images.replace import TEMPORARY_MARK
from lowlight_cli.pipeline.manifest import (
    ManifestWriter,
    manifest_path,
    read_entries,
    read_manifest,
)
from lowlight_cli.pipeline.scan import STATE_FOLDER

JOURNAL_NAME = "journal.jsonl"


def journal_path(folder: Path) -> Path:
    """Path of the journal in an output folder."""
    return folder / STATE_FOLDER / JOURNAL_NAME


def recover(folder: Path) -> int:
    """Adds results that a killed run wrote but did not record to the manifest; the caller holds the lock.

    Args:
        folder: Output folder.

    Returns:
        Number of results added.
    """
    path = journal_path(folder)
    pending = {entry.key: entry for entry in read_entries(path)}
    known = read_manifest(folder) if pending else {}
    writer = ManifestWriter(manifest_path(folder))
    found = 0
    for key, entry in pending.items():
        recorded = known.get(key)
        is_recorded = recorded is not None and (recorded.run, recorded.out_sha256) == (
            entry.run,
            entry.out_sha256,
        )
        if not is_recorded and sha256_of_file(folder / key) == entry.out_sha256:
            writer.add(entry)
            found += 1
    writer.close()
    path.unlink(missing_ok=True)
    return found


def sha256_of_file(path: Path) -> str | None:
    """SHA-256 of a file in hex; None if it cannot be read."""
    import hashlib  # takes milliseconds of every start of the program

    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


_TEMPORARY_NAME = re.compile(re.escape(TEMPORARY_MARK) + r"\d+$")


def remove_temp_files(folder: Path, targets: Iterable[Path]) -> int:
    """Removes temporary files of killed runs; the caller holds the exclusive lock of the folder.

    Args:
        folder: Output folder.
        targets: Files to be written; their folders are searched, too.

    Returns:
        Number of files removed.
    """
    removed = 0
    for place in {folder, folder / STATE_FOLDER, *(target.parent for target in targets)}:
        for path in _temporary_files(place):
            with suppress(OSError):
                path.unlink()
                removed += 1
    return removed


def _temporary_files(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if _TEMPORARY_NAME.search(entry.name)]
    except OSError:
        return []
