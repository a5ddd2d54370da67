"""Journals of workers: what a worker had written when it was lost, before its rows arrived."""

import os
import socket
from collections.abc import Sequence
from pathlib import Path

from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode
from lowlight_cli.pipeline.journal import journal_path, sha256_of_file
from lowlight_cli.pipeline.manifest import Entry, read_entries
from lowlight_cli.pipeline.plan import Job
from lowlight_cli.pipeline.report import Row
from lowlight_cli.pipeline.resume import key_of


def worker_journal_path(folder: Path, records: str = "", pid: int | None = None) -> Path:
    """Path of the journal that a worker on this machine writes.

    Args:
        folder: Output folder.
        records: Ending of the names of the records of a shard, as ``Plan.records``.
        pid: Process ID of the worker; None is this process.
    """
    path = journal_path(folder, records)
    return path.with_name(f"{path.stem}.{socket.gethostname()}-{pid or os.getpid()}{path.suffix}")


def written_rows(path: Path, folder: Path, jobs: Sequence[Job]) -> list[Row]:
    """Rows of the jobs whose results a lost worker had written, without their seconds and warnings.

    A job must not be done again if its result has replaced its input.

    Args:
        path: Journal of the worker.
        folder: Output folder.
        jobs: Jobs of which no row came.

    Raises:
        OutputError: The journal cannot be read.
    """
    entries = {entry.key: entry for entry in read_entries(path)}
    found = ((job, entries.get(key_of(job.target, folder))) for job in jobs)
    return [
        _row(job, entry)
        for job, entry in found
        if entry is not None and sha256_of_file(job.target) == entry.out_sha256
    ]


def _row(job: Job, entry: Entry) -> Row:
    width, height = _size_of(job.target)
    return Row(
        job.source,
        job.target,
        "ok",
        width=width,
        height=height,
        output_bytes=entry.out_size or 0,
        output_sha256=entry.out_sha256 or "",
        source_size=entry.in_size,
        source_mtime_ns=entry.in_mtime_ns,
    )


def _size_of(path: Path) -> tuple[int, int]:
    """Width and height of a result; 0 if unknown, as of one with more pixels than are read by default."""
    try:
        result = decode(path)
    except ImageError:
        return 0, 0
    return result.width, result.height
