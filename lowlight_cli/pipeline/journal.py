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
    manifest_path,
    read_entries,
    read_manifest,
)
from lowlight_cli.pipeline.manifest_writer import ManifestWriter
from lowlight_cli.pipeline.scan import STATE_FOLDER

_JOURNAL = re.compile(r"journal(-\d+-of-\d+)?(\..+)?\.jsonl")
"""Group 1 is the ending of a shard; group 2 names a worker."""


def journal_path(folder: Path, records: str = "") -> Path:
    """Path of the journal in an output folder.

    Args:
        folder: Output folder.
        records: Ending of the name of a shard's journal, as ``Plan.records``.
    """
    return folder / STATE_FOLDER / f"journal{records}.jsonl"


def journal_endings(folder: Path) -> list[str]:
    """``Plan.records`` of the runs whose journals, or those of their workers, are in an output folder."""
    return sorted({records for records, _ in _journals(folder)})


def journal_paths(folder: Path, records: str = "") -> list[Path]:
    """The journals that exist of a run and of its workers.

    Args:
        folder: Output folder.
        records: Ending of the names of the records of a shard, as ``Plan.records``.
    """
    return [path for ending, path in _journals(folder) if ending == records]


def remove_journals(folder: Path, records: str = "") -> None:
    """Removes the journals of a run and of its workers, once the manifest has all results.

    Args:
        folder: Output folder.
        records: Ending of the names of the records of a shard, as ``Plan.records``.
    """
    for path in journal_paths(folder, records):
        path.unlink(missing_ok=True)


def _journals(folder: Path) -> list[tuple[str, Path]]:
    """``Plan.records`` and path of each journal in an output folder, by name."""
    try:
        paths = sorted((folder / STATE_FOLDER).iterdir())
    except OSError:  # there is none
        return []
    return [(found[1] or "", path) for path in paths if (found := _JOURNAL.fullmatch(path.name))]


def recover(folder: Path, records: str = "") -> int:
    """Adds results that a killed run wrote but did not record to the manifest; the caller holds the lock.

    Args:
        folder: Output folder.
        records: Ending of the names of a shard's journal and part of the manifest, as ``Plan.records``.

    Returns:
        Number of results added.
    """
    entries = (entry for path in journal_paths(folder, records) for entry in read_entries(path))
    # Two workers may have written the same result, one after the other.
    pending = {(entry.key, entry.out_sha256): entry for entry in entries}
    known = read_manifest(folder) if pending else {}
    writer = ManifestWriter(manifest_path(folder, records))
    found = 0
    for (key, _), entry in pending.items():
        recorded = known.get(key)
        is_recorded = recorded is not None and (recorded.run, recorded.out_sha256) == (
            entry.run,
            entry.out_sha256,
        )
        if not is_recorded and sha256_of_file(folder / key) == entry.out_sha256:
            writer.add(entry)
            found += 1
    writer.close()
    remove_journals(folder, records)
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


def remove_temp_files_of(targets: Iterable[Path]) -> None:
    """Removes temporary files of a killed run for these targets alone; the caller alone writes them.

    A name that was shortened because it is long may stay until the next run that is not a shard.

    Args:
        targets: Files to be written.
    """
    names: dict[Path, set[str]] = {}
    for target in targets:
        names.setdefault(target.parent, set()).add(target.name)
    for folder, own in names.items():
        for path in _temporary_files(folder):
            if path.name.rpartition(TEMPORARY_MARK)[0] in own:
                with suppress(OSError):
                    path.unlink()


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
