"""Outcome of each job, totals of a run, and its exit code."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lowlight_cli.errors import ImageError, LowlightError, OutputError, UnexpectedImageError
from lowlight_cli.pipeline.plan import Action, Job, Plan
from lowlight_cli.pipeline.stages import StageSeconds

BLURRED_FROM = 3.2
"""Edge width, as ``images.blur_metric`` measures it, from which an image counts as blurred."""

Status = Literal["ok", "skipped", "failed", "conflict"]

LASTING_FAILURES = frozenset({"unreadable", "truncated", "unsupported", "too_large"})
"""Codes of failures that another try cannot change, because the reason is in the file."""

SOME_FAILED, ALL_FAILED, NOTHING_FOUND = 3, 4, 5


@dataclass(frozen=True, slots=True)
class Row:
    """Outcome of one job.

    Attributes:
        source: File that was read.
        target: Planned output; None for a folder that cannot be listed.
        status: Outcome.
        code: Code of a failure or conflict, as in ``ImageError``; ``up_to_date``, ``exists``, ``bright``
            or ``known_failure`` for a skip.
        message: The reason as a message.
        seconds: Time spent on it in all threads, with its share of a batch.
        width: Width in pixels; 0 unless the output was written.
        height: Height in pixels; 0 unless the output was written.
        warnings: Codes of what was not kept, such as metadata.
        output_bytes: Size of the output in bytes.
        output_sha256: SHA-256 of the output in hex.
        source_size: Size of the source in bytes when it was read.
        source_mtime_ns: Modification time of the source when it was read.
        edge_width: Edge width of the source in pixels of a small copy; None if it has no edges or was not
            measured.
        crash: Exception behind the code ``internal``; the engine passes it on and does not keep it.
    """

    source: Path
    target: Path | None
    status: Status
    code: str = ""
    message: str = ""
    seconds: float = 0.0
    width: int = 0
    height: int = 0
    warnings: tuple[str, ...] = ()
    output_bytes: int = 0
    output_sha256: str = ""
    source_size: int = 0
    source_mtime_ns: int = 0
    edge_width: float | None = None
    crash: BaseException | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Report:
    """Outcome of a run.

    Attributes:
        rows: One for each finished job, in the order in which they finished.
        seconds: Wall time.
        ignored: Number of files without an image extension.
        left: Number of jobs not finished.
        stopped_by: Exit code of the signal that ended the run early, or None.
        is_busy: Whether threads still work on dropped results; the program need not wait for them.
        ended_by: Error that ended the run early, or None.
        is_sampled: Whether only some of the images were measured for blur.
        failures: File that lists the inputs that failed, or None.
        stages: Where the time went.
    """

    rows: Sequence[Row]
    seconds: float
    ignored: int = 0
    left: int = 0
    stopped_by: int | None = None
    is_busy: bool = False
    ended_by: LowlightError | None = None
    is_sampled: bool = False
    failures: Path | None = None
    stages: StageSeconds = field(default_factory=StageSeconds)

    def count(self, status: Status) -> int:
        """Number of jobs with an outcome."""
        return Counter(row.status for row in self.rows)[status]

    def count_skipped(self, reason: str) -> int:
        """Number of jobs that were skipped for a reason, by its code."""
        return sum(row.status == "skipped" and row.code == reason for row in self.rows)

    def count_failed(self, code: str) -> int:
        """Number of jobs that failed with a code."""
        return sum(row.status == "failed" and row.code == code for row in self.rows)

    @property
    def blurred(self) -> int:
        """Number of images that were enhanced and measured as blurred."""
        return sum(width >= BLURRED_FROM for width in self._edge_widths)

    @property
    def measured(self) -> int:
        """Number of images that were enhanced and measured for blur."""
        return len(self._edge_widths)

    @property
    def _edge_widths(self) -> list[float]:
        return [row.edge_width for row in self.rows if row.status == "ok" and row.edge_width is not None]

    @property
    def megapixels(self) -> float:
        """Number of pixels enhanced, in millions."""
        return sum(row.width * row.height for row in self.rows if row.status == "ok") / 1e6

    @property
    def is_cut_short(self) -> bool:
        """Whether a signal or an error ended the run."""
        return self.stopped_by is not None or self.ended_by is not None

    @property
    def exit_code(self) -> int:
        """0 success, 3 some failed or conflicted, 4 all failed, 7 device lost, 8 disk full, or a signal's."""
        if self.stopped_by is not None:
            return self.stopped_by
        if any(row.code == "disk_full" for row in self.rows):
            return OutputError.exit_code
        if self.ended_by is not None:
            return self.ended_by.exit_code
        failed = self.count("failed")
        if failed and failed == len(self.rows) and not self.left:
            return ALL_FAILED
        return SOME_FAILED if failed or self.count("conflict") else 0


def failed_row(job: Job, error: ImageError, seconds: float) -> Row:
    """Row of a failed job.

    Args:
        job: The job.
        error: Why it failed.
        seconds: Time spent on it.
    """
    crash = error.__cause__ if isinstance(error, UnexpectedImageError) else None
    return Row(job.source, job.target, "failed", error.code, str(error), seconds, crash=crash)


def rows_without_work(plan: Plan) -> list[Row]:
    """Rows known before any image is read: folders that cannot be listed, and skipped jobs."""
    closed = [Row(path, None, "failed", "permission", "the folder cannot be listed") for path in plan.closed]
    return closed + [_row_without_work(job) for job in plan.jobs if job.skip]


def _row_without_work(job: Job) -> Row:
    if job.action is Action.CONFLICT:
        return Row(job.source, job.target, "conflict", "conflict", f"'{job.target}' {job.reason}")
    return Row(job.source, job.target, "skipped", job.reason)
