"""Keeps the books of a run while it goes: manifest, journal and the lists of failures."""

import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from lowlight_cli.errors import ImageError, OutputError
from lowlight_cli.images.replace import replace_file, write_code
from lowlight_cli.pipeline.file_stat import file_stat
from lowlight_cli.pipeline.journal import journal_path
from lowlight_cli.pipeline.manifest import Entry, ManifestWriter, manifest_path
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.report import Row
from lowlight_cli.pipeline.resume import BRIGHT, ResumeState, absolute, key_of
from lowlight_cli.pipeline.scan import STATE_FOLDER


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """What all pictures of a run have in common; the attributes are those of ``Entry``."""

    run: str
    version: str
    model: str
    preset: str | None
    checkpoint_sha256: str | None
    controls: dict[str, float] = field(default_factory=dict)
    device: str = ""
    precision: str = ""


class RunLog:
    """Writes a line for each picture that comes to its end.

    Args:
        plan: The jobs.
        resume_state: What earlier runs left, and the hashes of the options of this one.
    """

    def __init__(self, plan: Plan, resume_state: ResumeState) -> None:
        self._folder = plan.folder
        self._is_single = plan.single  # others may write into the same journal
        self._ledger = resume_state
        self._common: dict[str, Any] = {}
        self._jobs = {job.target: job for job in plan.jobs}
        self._manifest = ManifestWriter(manifest_path(plan.folder))
        self._journal = ManifestWriter(journal_path(plan.folder))
        self._failed: list[bytes] = []
        self._trouble: OutputError | None = None

    def begin(self, facts: RunInfo) -> None:
        """The run begins.

        Args:
            facts: What all its pictures have in common.
        """
        self._common = asdict(facts)

    def before_write(self, job: Job, size: int, sha256: str) -> None:
        """Notes that a result is about to get its name; called from the threads that write.

        Args:
            job: What was made.
            size: Bytes of the result.
            sha256: Its digest in hex.

        Raises:
            ImageError: It cannot be noted, so it must not come about.
        """
        entry = self._entry(job.source, job.target)
        try:
            self._journal.add(replace(entry, out_size=size, out_sha256=sha256))
        except OutputError as error:
            raise ImageError(write_code(error.__cause__), str(error)) from error

    def note(self, row: Row) -> None:
        """Notes an outcome; where that fails, the journal keeps what was made, and ``close`` tells of it."""
        job = self._jobs.get(row.target) if row.target else None
        if row.status == "failed":
            self._failed.append(list_line(row.source, job.relative if job else Path()))
        if row.status == "skipped" and (row.code != BRIGHT or (job and job.skip)):
            return
        entry = self._entry(row.source, row.target)
        try:
            self._manifest.add(self._outcome(entry, row))
        except OutputError as error:
            self._trouble = error

    def close(self, *, is_whole: bool) -> Path | None:
        """Brings everything to the disk, and lists the failures.

        Args:
            is_whole: Whether the run came to an end that is no bug; only then the journal may go.

        Returns:
            The list of failures; None where there are none.

        Raises:
            OutputError: Something could not be written.
        """
        for book in (self._manifest, self._journal):
            try:
                book.close()
            except OutputError as error:
                self._trouble = error
        if is_whole and not self._is_single and not self._trouble:
            journal_path(self._folder).unlink(missing_ok=True)
        failures = write_failures(self._folder, self._failed) if self._common else None
        if self._trouble:
            raise self._trouble
        return failures

    def _entry(self, source: Path, target: Path | None) -> Entry:
        job = self._jobs.get(target) if target else None
        was = job.facts if job else None
        is_unnamed = job is not None and job.relative == Path("-")
        return Entry(
            input=str(job.relative) if job else str(source),
            source=str(source) if is_unnamed else absolute(source),
            in_size=was.size if was else 0,
            in_mtime_ns=was.mtime_ns if was else 0,
            output=key_of(target, self._folder) if target else None,
            options=self._ledger.options,
            **self._common,
        )

    def _outcome(self, entry: Entry, row: Row) -> Entry:
        entry = replace(
            entry,
            status=row.status,
            seconds=round(row.seconds, 4),
            w=row.width,
            h=row.height,
            warnings=row.warnings,
        )
        if row.status == "ok" and row.target:
            there = file_stat(row.target)
            return replace(
                entry,
                in_size=row.source_size or entry.in_size,
                in_mtime_ns=row.source_mtime_ns or entry.in_mtime_ns,
                out_size=row.output_bytes,
                out_sha256=row.output_sha256,
                out_mtime_ns=there.mtime_ns if there else None,
            )
        if row.status == "skipped":
            entry = replace(entry, options=self._ledger.bright)
        else:
            entry = replace(entry, error={"code": row.code, "msg": row.message})
        # An earlier result may still lie there; it stays ours.
        before = self._ledger.entries.get(entry.key)
        if before is None:
            return entry
        return replace(
            entry, out_size=before.out_size, out_mtime_ns=before.out_mtime_ns, out_sha256=before.out_sha256
        )


def list_line(source: Path, relative: Path) -> bytes:
    """A path for ``--files-from``; what stands behind ``/./`` is the place in the mirrored tree.

    Args:
        source: The input.
        relative: Its place there.
    """
    whole, end = os.fsencode(absolute(source)), os.fsencode(relative)
    if relative.parts and whole.endswith(b"/" + end):
        return whole[: -len(end)] + b"./" + end
    return whole


def write_failures(folder: Path, lines: list[bytes]) -> Path | None:
    """Replaces the lists of failures of the run before; without failures there are none.

    Names with a line break are only in ``failed0.txt``, whose names all end in NUL.

    Args:
        folder: Folder of the results.
        lines: Inputs that failed.

    Returns:
        The list that holds all of them, if any.
    """
    plain, with_nul = folder / STATE_FOLDER / "failed.txt", folder / STATE_FOLDER / "failed0.txt"
    one_line = [line for line in lines if b"\n" not in line]
    _replace_list(plain, b"".join(line + b"\n" for line in one_line))
    _replace_list(with_nul, b"".join(line + b"\0" for line in lines) if len(one_line) < len(lines) else b"")
    return next((path for path in (with_nul, plain) if lines and path.exists()), None)


def _replace_list(path: Path, data: bytes) -> None:
    with suppress(ImageError, OSError):  # the disk may be full; the manifest says the same
        path.unlink(missing_ok=True)
        if data:
            replace_file(path, data)
