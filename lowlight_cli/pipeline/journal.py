"""What is about to be written, so that a run that was killed does not take its own results for foreign files.

The manifest gets its line after a result has its name. A kill between the two leaves a result that no line
speaks of; the line written here just before names its digest.
"""

import hashlib
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
    """Place of the journal of a folder of results."""
    return folder / STATE_FOLDER / JOURNAL_NAME


def recover(folder: Path) -> int:
    """Adds to the manifest what a killed run had finished but not noted; the caller holds the lock.

    Args:
        folder: Folder of the results.

    Returns:
        Number of results that were found so.
    """
    path = journal_path(folder)
    pending = {entry.key: entry for entry in read_entries(path)}
    known = read_manifest(folder) if pending else {}
    writer = ManifestWriter(manifest_path(folder))
    found = 0
    for key, entry in pending.items():
        noted = known.get(key)
        is_noted = noted is not None and (noted.run, noted.out_sha256) == (entry.run, entry.out_sha256)
        if not is_noted and sha256_of_file(folder / key) == entry.out_sha256:
            writer.add(entry)
            found += 1
    writer.close()
    path.unlink(missing_ok=True)
    return found


def sha256_of_file(path: Path) -> str | None:
    """Digest of a file in hex; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


_TEMPORARY_NAME = re.compile(re.escape(TEMPORARY_MARK) + r"\d+$")


def remove_temp_files(folder: Path, targets: Iterable[Path]) -> int:
    """Removes temporary files beside the targets; the caller holds the lock of the folder alone.

    Args:
        folder: Folder of the results.
        targets: What will be written.

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
