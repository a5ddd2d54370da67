"""Records a run in the output folder: manifest, journal and lists of failures."""

import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from lowlight_cli.errors import ImageError, OutputError
from lowlight_cli.images.replace import replace_file, write_code
from lowlight_cli.pipeline.file_stat import file_stat
from lowlight_cli.pipeline.journal import journal_path, remove_journals
from lowlight_cli.pipeline.manifest import Entry, manifest_path
from lowlight_cli.pipeline.manifest_writer import ManifestWriter
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.report import Row
from lowlight_cli.pipeline.resume import BRIGHT, KNOWN_FAILURE, ResumeState, absolute, key_of
from lowlight_cli.pipeline.scan import STATE_FOLDER

_SYNC_PAUSE_S = 0.25
"""Least seconds from one sync of the manifest to the next: it is written in the thread that feeds the model.

Until the run ends, the journal holds these results, too, and is synced by the threads that write them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """Manifest fields that all images of a run share; the attributes are those of ``Entry``."""

    run: str
    version: str
    model: str
    preset: str | None
    checkpoint_sha256: str | None
    controls: dict[str, float] = field(default_factory=dict)
    device: str = ""
    precision: str = ""


class Journal:
    """Records results about to be written, so that those of a killed run are known.

    Args:
        folder: Output folder.
        options: Hash of the settings that affect results.
        path: The journal.
    """

    def __init__(self, folder: Path, options: str, path: Path) -> None:
        self._folder = folder
        self._options = options
        self._writer = ManifestWriter(path)
        self._common: dict[str, Any] = {}

    def begin(self, info: RunInfo) -> None:
        """Sets the fields that all entries share.

        Args:
            info: These fields.
        """
        self._common = asdict(info)

    def before_write(self, job: Job, size: int, sha256: str) -> None:
        """Records that a result is about to be written; called from the writing threads.

        Args:
            job: Job of the result.
            size: Size of the result in bytes.
            sha256: SHA-256 of the result in hex.

        Raises:
            ImageError: The journal cannot be written, so the result must not be written.
        """
        entry = self.entry(job.source, job.target, job, out_size=size, out_sha256=sha256)
        try:
            self._writer.add(entry)
        except OutputError as error:
            raise ImageError(write_code(error.__cause__), str(error)) from error

    def entry(
        self,
        source: Path,
        target: Path | None,
        job: Job | None,
        *,
        out_size: int | None = None,
        out_sha256: str | None = None,
    ) -> Entry:
        """Entry of an image of which nothing but the input, and perhaps the result, is known.

        Args:
            source: The input.
            target: The planned output; None if none was planned.
            job: Its job; None for a folder that cannot be listed.
            out_size: Size of the result in bytes.
            out_sha256: SHA-256 of the result in hex.
        """
        stat = job.stat if job else None
        is_unnamed = job is not None and job.relative == Path("-")
        return Entry(
            input=str(job.relative) if job else str(source),
            source=str(source) if is_unnamed else absolute(source),
            in_size=stat.size if stat else 0,
            in_mtime_ns=stat.mtime_ns if stat else 0,
            output=key_of(target, self._folder) if target else None,
            out_size=out_size,
            out_sha256=out_sha256,
            options=self._options,
            **self._common,
        )

    def close(self) -> None:
        """Syncs the journal.

        Raises:
            OutputError: It could not be written.
        """
        self._writer.close()


class RunLog:
    """Records the rows of a run in the manifest, and results about to be written in the journal.

    Args:
        plan: The resolved plan.
        resume_state: State of earlier runs, and hashes of the settings of this run.
        failed: Lines about earlier failures that still count; failures of this run are added, and those of
            images that were made now are removed.
    """

    def __init__(
        self, plan: Plan, resume_state: ResumeState, failed: dict[bytes, None] | None = None
    ) -> None:
        self._folder, self._records = plan.folder, plan.records
        self._is_single = plan.single  # such runs share the journal
        self._resume_state = resume_state
        self._is_begun = False
        self._started = time.perf_counter()
        self._jobs = {job.target: job for job in plan.jobs}
        manifest = manifest_path(plan.folder, plan.records)
        self._manifest = ManifestWriter(manifest, sync_pause_s=_SYNC_PAUSE_S)
        path = journal_path(plan.folder, plan.records)
        self._journal = Journal(plan.folder, resume_state.options, path)
        self._failed = {} if failed is None else failed
        self._write_error: OutputError | None = None

    def begin(self, info: RunInfo) -> None:
        """Sets the fields that all entries share, and starts the clock.

        Args:
            info: These fields.
        """
        self._is_begun = True
        self._journal.begin(info)
        self._started = time.perf_counter()

    def before_write(self, job: Job, size: int, sha256: str) -> None:
        """Records a result in the journal; see ``Journal``."""
        self._journal.before_write(job, size, sha256)

    def record(self, row: Row) -> None:
        """Records a row; if that fails, ``close`` keeps the journal and raises the error."""
        job = self._jobs.get(row.target) if row.target else None
        line = list_line(row.source, job.relative if job else Path())
        self._failed.pop(line, None)
        if row.status == "failed" or row.code == KNOWN_FAILURE:
            self._failed[line] = None
        if row.status == "skipped" and (row.code != BRIGHT or (job and job.skip)):
            return
        entry = self._journal.entry(row.source, row.target, job)
        try:
            self._manifest.add(self._outcome(entry, row))
        except OutputError as error:
            self._write_error = error

    def close(self, *, is_complete: bool) -> Path | None:
        """Syncs manifest and journal, and writes the lists of failures.

        Args:
            is_complete: Whether the run ended without an exception; only then is the journal removed.

        Returns:
            The list of failures; None if there are none.

        Raises:
            OutputError: A file could not be written.
        """
        for file in (self._manifest, self._journal):
            try:
                file.close()
            except OutputError as error:
                self._write_error = error
        if is_complete and not self._is_single and not self._write_error:
            remove_journals(self._folder, self._records)
        failures = write_failures(self._folder, list(self._failed), self._records) if self._is_begun else None
        if self._write_error:
            raise self._write_error
        return failures

    def _outcome(self, entry: Entry, row: Row) -> Entry:
        entry = replace(
            entry,
            status=row.status,
            seconds=round(row.seconds, 4),
            elapsed=round(time.perf_counter() - self._started, 3),
            w=row.width,
            h=row.height,
            warnings=row.warnings,
        )
        if row.status == "ok" and row.target:
            written = file_stat(row.target)
            return replace(
                entry,
                in_size=row.source_size or entry.in_size,
                in_mtime_ns=row.source_mtime_ns or entry.in_mtime_ns,
                out_size=row.output_bytes,
                out_sha256=row.output_sha256,
                out_mtime_ns=written.mtime_ns if written else None,
            )
        if row.status == "skipped":
            entry = replace(entry, options=self._resume_state.bright)
        elif row.status == "failed":
            error = {"code": row.code, "msg": row.message}
            entry = replace(entry, options=self._resume_state.failure, error=error)
        else:
            entry = replace(entry, error={"code": row.code, "msg": row.message})
        # The result of an earlier run may still exist; keep it known as written by lle.
        before = self._resume_state.entries.get(entry.key)
        if before is None:
            return entry
        return replace(
            entry, out_size=before.out_size, out_mtime_ns=before.out_mtime_ns, out_sha256=before.out_sha256
        )


def list_line(source: Path, relative: Path) -> bytes:
    """A line for ``--files-from``; the part after ``/./`` is the path in the mirrored tree.

    Args:
        source: The input.
        relative: Its path in the mirrored tree.
    """
    whole, end = os.fsencode(absolute(source)), os.fsencode(relative)
    if relative.parts and whole.endswith(b"/" + end):
        return whole[: -len(end)] + b"./" + end
    return whole


def write_failures(folder: Path, lines: list[bytes], records: str = "") -> Path | None:
    """Replaces the lists of failures of the previous run; removes them if there are no failures.

    Names that contain a newline are only in ``failed0.txt``, whose names end in NUL.

    Args:
        folder: Output folder.
        lines: Inputs that failed.
        records: Ending of the names of the lists of a shard, as ``Plan.records``.

    Returns:
        The list that contains all of them; None without failures, or if it could not be written.
    """
    with_nul, plain = failure_lists(folder, records)
    one_line = [line for line in lines if b"\n" not in line]
    _replace_list(plain, b"".join(line + b"\n" for line in one_line))
    _replace_list(with_nul, b"".join(line + b"\0" for line in lines) if len(one_line) < len(lines) else b"")
    return listed_failures(folder, records) if lines else None


def listed_failures(folder: Path, records: str = "") -> Path | None:
    """The list that contains all inputs that failed in the last run; None if there is none.

    Args:
        folder: Output folder.
        records: Ending of the names of the lists of a shard, as ``Plan.records``.
    """
    return next((path for path in failure_lists(folder, records) if path.exists()), None)


def failure_lists(folder: Path, records: str) -> tuple[Path, Path]:
    """Paths of the list whose names end in NUL, and of the one with a name on each line."""
    place = folder / STATE_FOLDER
    return place / f"failed0{records}.txt", place / f"failed{records}.txt"


def _replace_list(path: Path, data: bytes) -> None:
    with suppress(ImageError, OSError):  # the disk may be full; the manifest also records failures
        path.unlink(missing_ok=True)
        if data:
            replace_file(path, data)
