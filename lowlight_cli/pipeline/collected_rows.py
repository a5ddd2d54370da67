"""Collects the rows of a run that several workers do, counts failures, and reports the run."""

import time
from collections.abc import Callable

from lowlight_cli.counted import counted
from lowlight_cli.errors import ImageError, LowlightError
from lowlight_cli.pipeline.decode_ahead import SAMPLE_SIZE
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.report import Report, Row, failed_row
from lowlight_cli.pipeline.settings import StopSettings
from lowlight_cli.pipeline.stages import StageSeconds


class EndedEarlyError(Exception):
    """The disk is full, too many images failed, or no worker is left."""


class CollectedRows:
    """Rows of a run, in the order in which they are recorded, and the wall time from now on.

    Args:
        plan: What the run does.
        stop: When it ends early.
        on_row: Called with each row.
    """

    def __init__(self, plan: Plan, stop: StopSettings, on_row: Callable[[Row], None]) -> None:
        self._plan = plan
        self._max_errors = stop.failure_limit
        self._on_row = on_row
        self._rows: list[Row] = []
        self._stages = StageSeconds()
        self._failures = 0
        self._started = time.perf_counter()

    def add(self, row: Row) -> None:
        """Records a row.

        Raises:
            EndedEarlyError: The run must end now.
        """
        self.record(row)
        self._failures += row.status == "failed"
        is_over = self._max_errors is not None and self._failures >= self._max_errors
        if row.code == "disk_full" or is_over:
            raise EndedEarlyError

    def record(self, row: Row) -> None:
        """Records a row of a run that ends anyway."""
        self._rows.append(row)
        self._on_row(row)

    def add_stages(self, stages: StageSeconds) -> None:
        """Counts where the time of a chunk went."""
        self._stages += stages

    def report(self, *, stopped_by: int | None = None, ended_by: LowlightError | None = None) -> Report:
        """Report of the run so far.

        Args:
            stopped_by: Exit code of the signal that ended the run.
            ended_by: Error that ended the run.
        """
        return Report(
            tuple(self._rows),
            time.perf_counter() - self._started,
            ignored=len(self._plan.ignored),
            left=len(self._plan.jobs) + len(self._plan.closed) - len(self._rows),
            stopped_by=stopped_by,
            ended_by=ended_by,
            is_sampled=sum(not job.skip for job in self._plan.jobs) > SAMPLE_SIZE,
            stages=self._stages,
        )

    def complete_report(self, ended_by: LowlightError | None = None) -> Report:
        """Report of a run that nothing interrupted.

        Args:
            ended_by: Error of the last worker, if it ended after the last row.

        Raises:
            RuntimeError: A job has no row, which is a bug.
        """
        report = self.report(ended_by=ended_by)
        if report.left:
            raise RuntimeError(f"{counted(report.left, 'job')} without a row")
        return report


def crashed_row(job: Job, ending: str = "") -> Row:
    """Row of a job that is given up, because its worker ended each time.

    Args:
        job: Was begun ``job_queue.MOST_BEGINS`` times.
        ending: How the last worker ended, if that is known.
    """
    reason = f" ({ending})" if ending else ""
    message = f"the process that worked on this image ended twice{reason}"
    return failed_row(job, ImageError("crashed", message), 0.0)
