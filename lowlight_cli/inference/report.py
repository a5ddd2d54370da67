"""What became of each job, the totals, and the exit code they call for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lowlight_cli.errors import OutputError
from lowlight_cli.inference.plan import Plan

Status = Literal["ok", "skipped", "failed"]

SOME_FAILED, ALL_FAILED, NOTHING_FOUND = 3, 4, 5


@dataclass(frozen=True, slots=True)
class Row:
    """Outcome of one job.

    Attributes:
        source: File that was read.
        target: File that was to be written; None where there was nothing to plan.
        status: How it ended.
        code: Short reason of a failure, as in ``ImageError``.
        message: The reason in words.
        seconds: Time spent on it in all threads; its share of a batch counts.
        width: Columns; 0 where the picture could not be read.
        height: Rows, likewise.
        warnings: Short codes of what was not kept.
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


@dataclass(frozen=True, slots=True)
class Report:
    """Outcome of a run.

    Attributes:
        rows: One for each job that came to an end, in the order in which they ended.
        seconds: Wall time.
        ignored: Files that are not named like pictures.
        left: Jobs that were not reached.
        stopped_by: Exit code of the signal that ended the run early, or None.
    """

    rows: Sequence[Row]
    seconds: float
    ignored: int = 0
    left: int = 0
    stopped_by: int | None = None

    def count(self, status: Status) -> int:
        """Number of jobs that ended like this."""
        return Counter(row.status for row in self.rows)[status]

    @property
    def megapixels(self) -> float:
        """Million pixels enhanced."""
        return sum(row.width * row.height for row in self.rows if row.status == "ok") / 1e6

    @property
    def exit_code(self) -> int:
        """0 all done, 3 some failed, 4 all failed, 8 the disk is full, else that of the signal."""
        failed = [row for row in self.rows if row.status == "failed"]
        if self.stopped_by is not None:
            return self.stopped_by
        if any(row.code == "disk_full" for row in failed):
            return OutputError.exit_code
        if failed:
            return ALL_FAILED if len(failed) == len(self.rows) else SOME_FAILED
        return 0


def rows_without_work(plan: Plan) -> list[Row]:
    """Outcomes known before any picture is read: folders that cannot be listed, results that stay."""
    closed = [Row(path, None, "failed", "permission", "the folder cannot be listed") for path in plan.closed]
    return closed + [Row(job.source, job.target, "skipped") for job in plan.jobs if job.skip]
