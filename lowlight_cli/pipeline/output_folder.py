"""Holds an output folder for a run: its locks, and the records that killed runs and shards left there.

A run of all images folds the records of shards into one manifest. A shard cleans up after itself, and if it
is alone also after killed runs of another kind; never after shards of its own division, which may run: some
network disks lock files for one machine only.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lowlight_cli.errors import LockedError
from lowlight_cli.pipeline.file_stat import FileStat, file_stat
from lowlight_cli.pipeline.journal import (
    journal_endings,
    recover,
    remove_temp_files,
    remove_temp_files_of,
)
from lowlight_cli.pipeline.lock import LOCK_NAME, is_locked, output_lock
from lowlight_cli.pipeline.manifest import (
    compact_manifest,
    latest_entries,
    manifest_parts,
    manifest_path,
    read_entries,
    with_parts,
)
from lowlight_cli.pipeline.manifest_writer import ManifestWriter
from lowlight_cli.pipeline.plan import Plan
from lowlight_cli.pipeline.scan import STATE_FOLDER
from lowlight_cli.pipeline.shard import Shard
from lowlight_cli.pipeline.worker_lock import wait_for_workers

_OF_SHARD = re.compile(r"(lock|workers|failed0?)-\d+-of-(\d+)(\.txt)?")
"""Names of locks and lists of failures of shards."""


@contextmanager
def hold(plan: Plan, timeout_s: float, on_warning: Callable[[str], None]) -> Iterator[None]:
    """Holds the output folder of a plan; what killed runs left there is cleaned up first.

    Args:
        plan: Names the folder, the shard, and the targets whose temporary files are removed.
        timeout_s: Seconds to wait for another run.
        on_warning: Called if the disk does not support locks.

    Raises:
        OutputError: The lock file cannot be created.
        LockedError: Another run uses the folder, or does the same shard.
    """

    def warn() -> None:
        on_warning(
            f"the disk of '{plan.folder}' does not support locks; "
            f"start no other run {f'of shard {plan.shard} ' if plan.shard else ''}there until this one ends"
        )

    if plan.shard is None:
        with output_lock(
            plan.folder,
            timeout_s=timeout_s,
            shared=plan.single,
            when_alone=lambda: _clean_up(plan),
            when_unsupported=warn,
        ):
            yield
        return
    with output_lock(
        plan.folder,
        timeout_s=timeout_s,
        shared=True,
        tries_alone=bool(_journals_of_others(plan)),
        when_alone=lambda: _clean_up_others(plan),
        when_unsupported=warn,
    ):
        name = f"{LOCK_NAME}{plan.records}"
        with output_lock(
            plan.folder, timeout_s=timeout_s, name=name, when_alone=lambda: _clean_up_shard(plan)
        ):
            _check_division(plan.folder, plan.shard)  # only now: two that start together see each other
            yield


def is_clean(plan: Plan) -> bool:
    """Whether nothing is left to recover, nor to fold if the run is about all images."""
    if any(ending == plan.records or not _is_beside(plan, ending) for ending in journal_endings(plan.folder)):
        return False
    return plan.single or plan.shard is not None or not manifest_parts(plan.folder)


def manifest_stats(plan: Plan) -> tuple[tuple[str, FileStat | None], ...]:
    """Names and stats of the manifest and of its parts that can change what a run has to do.

    The parts of other shards of its division cannot change what a shard has to do.
    """
    own = manifest_path(plan.folder, plan.records)
    parts = [path for path in manifest_parts(plan.folder) if path == own or not _is_beside(plan, path.stem)]
    return tuple((path.name, file_stat(path)) for path in (manifest_path(plan.folder), *parts))


def _clean_up(plan: Plan) -> None:
    """Recovers what any killed run left, and makes one manifest of all; no other run uses the folder."""
    wait_for_workers(plan.folder)
    for ending in journal_endings(plan.folder):
        recover(plan.folder, ending)
    _fold(plan.folder)
    compact_manifest(plan.folder)
    remove_temp_files(plan.folder, [job.target for job in plan.jobs])


def _clean_up_others(plan: Plan) -> None:
    """Recovers what killed runs left that are no shards of this division; no full run uses the folder."""
    for ending in _journals_of_others(plan):
        wait_for_workers(plan.folder, ending)
        recover(plan.folder, ending)


def _journals_of_others(plan: Plan) -> list[str]:
    """``Plan.records`` of journals of runs that are neither this one nor beside it."""
    endings = journal_endings(plan.folder)
    return [ending for ending in endings if ending != plan.records and not _is_beside(plan, ending)]


def _is_beside(plan: Plan, name: str) -> bool:
    """Whether a name of records ends as that of a shard of this division."""
    return plan.shard is not None and name.endswith(f"-of-{plan.shard.count}")


def _clean_up_shard(plan: Plan) -> None:
    wait_for_workers(plan.folder, plan.records)
    recover(plan.folder, plan.records)
    remove_temp_files_of(job.target for job in plan.jobs)


def _fold(folder: Path) -> None:
    """Adds to the manifest what the parts have to say last, and removes the records of shards.

    If that is interrupted, the parts are still there, and the next run does it again.
    """
    parts = manifest_parts(folder)
    if not parts:
        return
    entries = read_entries(manifest_path(folder))
    known = latest_entries(entries)
    writer = ManifestWriter(manifest_path(folder))
    for key, entry in latest_entries(with_parts(entries, parts)).items():
        if known.get(key) is not entry:
            writer.add(entry)
    writer.close()
    for path in (*parts, *_files_of_shards(folder)):
        with suppress(OSError):
            path.unlink()


def _files_of_shards(folder: Path) -> list[Path]:
    """Locks and lists of failures of shards, none of which runs."""
    return [path for path in (folder / STATE_FOLDER).iterdir() if _OF_SHARD.fullmatch(path.name)]


def _check_division(folder: Path, shard: Shard) -> None:
    """Refuses a shard while shards of another division run, which would do the same images.

    Raises:
        LockedError: One of them runs.
    """
    for path in _files_of_shards(folder):
        found = _OF_SHARD.fullmatch(path.name)
        if found and found[1] == LOCK_NAME and int(found[2]) != shard.count and is_locked(path):
            raise LockedError(
                f"another run divides the images for '{folder}' by {found[2]}, not by {shard.count}; "
                "wait until its shards have ended"
            )
