"""The batch engine: decode ahead -> batches -> model -> encode behind, in bounded memory."""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2

from lowlight_cli.counted import counted
from lowlight_cli.errors import ImageError, LowlightError
from lowlight_cli.pipeline.batches import Loaded, batches
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.decode_ahead import SAMPLE_SIZE, read_ahead
from lowlight_cli.pipeline.device_errors import DeviceLostError
from lowlight_cli.pipeline.encode_behind import BeforeWrite, WriteBehind
from lowlight_cli.pipeline.frames import Finish, begin_batch
from lowlight_cli.pipeline.model_runner import ModelRunner
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.report import Report, Row, failed_row, rows_without_work
from lowlight_cli.pipeline.signals import Interruption, exit_code_of

_GRACE_S = 1.0
"""Seconds that a stopped run waits for results that are being encoded."""


class _EndedEarlyError(Exception):
    """The disk is full, or too many images failed."""


class _Begun(NamedTuple):
    """A batch on the device: its images, how to wait for the results, and seconds spent so far."""

    batch: list[Loaded]
    finish: Finish
    seconds: float


class _Run:
    """One run: reads, enhances and writes, collects the rows, and decides when to stop."""

    def __init__(
        self,
        plan: Plan,
        runner: ModelRunner,
        config: PipelineConfig,
        on_row: Callable[[Row], None],
        before_write: BeforeWrite,
        on_crash: Callable[[Row, BaseException], None],
        on_work: Callable[[Path], None],
        interruption: Interruption,
        more_jobs: Callable[[], Sequence[Job]],
    ) -> None:
        self.plan = plan
        self.runner = runner
        self.config = config
        self.writer = WriteBehind(config, before_write, runner.clock)
        self._clock = runner.clock
        self._clock_start = self._clock.seconds()
        self.interruption = interruption
        self._jobs = [job for job in plan.jobs if not job.skip]
        self._begun: deque[_Begun] = deque()
        self._rows: list[Row] = []
        self._failures = 0
        self._further = 0
        self._started = time.perf_counter()
        self._on_row = on_row
        self._on_crash = on_crash
        self._on_work = on_work
        self._more_jobs = more_jobs
        self._ended_by: LowlightError | None = None

    def enhance_all(self) -> None:
        """Processes all jobs, or as many as the device permits."""
        for row in rows_without_work(self.plan):
            self._add(row)
        try:
            self._enhance_batches()
        except DeviceLostError as error:
            self._ended_by = error
        while not self.writer.is_idle:
            self._add(self._next_written())

    def _enhance_batches(self) -> None:
        groups = batches(
            self._readable(),
            batch_size=self.config.batch_size,
            batch_pixels=min(self.runner.limits.pixels, self.config.batch_pixels or sys.maxsize),
            multiple=self.runner.enhancer.size_multiple,
            frame=self.runner.enhancer.frame,
        )
        for batch in groups:
            self._begin(batch)
            del batch  # frees the sources before their results are written
            while len(self._begun) > self.config.passes_ahead:
                self._finish_oldest()
            while self.writer.should_collect:
                self._add(self._next_written())
        while self._begun:
            self._finish_oldest()

    def abandon(self) -> None:
        """Drops queued results, and records those that were written anyway."""
        for row in self.writer.abandon(_GRACE_S):
            self._record(row)

    def report(self, stopped_by: int | None = None, *, is_complete: bool = False) -> Report:
        """Report of the run so far.

        Args:
            stopped_by: Exit code of the signal that ended the run.
            is_complete: Whether nothing interrupted the run; then every job must have a row, unless the
                device was lost.

        Raises:
            RuntimeError: Jobs and rows do not match, which is a bug.
        """
        expected = len(self.plan.jobs) + len(self.plan.closed) + self._further
        left = expected - len(self._rows)
        distinct = {(row.source, row.target) for row in self._rows}
        if len(distinct) != len(self._rows) or left < 0 or (is_complete and left and not self._ended_by):
            raise RuntimeError(
                f"{expected} jobs gave {counted(len(self._rows), 'row')}, {len(distinct)} of them distinct"
            )
        seconds = time.perf_counter() - self._started
        ignored = len(self.plan.ignored)
        return Report(
            tuple(self._rows),
            seconds,
            ignored,
            left,
            stopped_by,
            self.writer.is_busy,
            self._ended_by,
            is_sampled=len(self._jobs) > SAMPLE_SIZE,
            stages=self._clock.seconds() - self._clock_start,
        )

    def _readable(self) -> Iterator[Loaded]:
        """Yields decoded images, and records the rows of the others."""
        stream = read_ahead(self._jobs, self.config, self._clock, self._further_jobs)
        while True:
            with self.interruption.interruptible(), self._clock.timed("wait_input"):
                item = next(stream, None)
            if item is None:
                return
            if isinstance(item, Row):
                self._add(item)
                continue
            handed_over = [item]
            del item  # else it stays in memory until the next image is requested
            yield handed_over.pop()

    def _further_jobs(self) -> Sequence[Job]:
        jobs = self._more_jobs()
        self._further += len(jobs)
        return jobs

    def _begin(self, batch: list[Loaded]) -> None:
        start = time.perf_counter()
        self._on_work(batch[0].job.source)
        with self.interruption.interruptible(), self._noting_lost_device(batch):
            finish = begin_batch([item.picture for item in batch], self.runner)
        self._begun.append(_Begun(batch, finish, time.perf_counter() - start))

    def _finish_oldest(self) -> None:
        batch, finish, seconds = self._begun.popleft()
        start = time.perf_counter()
        with self.interruption.interruptible(), self._noting_lost_device(batch):
            outcomes = finish()
        share = (seconds + time.perf_counter() - start) / len(batch)
        for item, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, ImageError):
                self._add(failed_row(item.job, outcome, item.seconds + share))
            else:
                self.writer.put(item, outcome, item.seconds + share)

    @contextmanager
    def _noting_lost_device(self, batch: list[Loaded]) -> Iterator[None]:
        """Records the image that lost the device, if it was alone there; with several, the one is unknown.

        Passes that were begun count: a device that one of them has lost may say so to another.
        """
        try:
            yield
        except DeviceLostError as error:
            if len(batch) == 1 and not self._begun:
                self._record(failed_row(batch[0].job, ImageError("device", str(error)), batch[0].seconds))
            raise

    def _next_written(self) -> Row:
        with self.interruption.interruptible(), self._clock.timed("wait_output"):
            self.writer.wait_for_oldest()
        return self.writer.pop_oldest()

    def _add(self, row: Row) -> None:
        self._record(row)
        self._failures += row.status == "failed"
        limit = self.config.max_errors
        if row.code == "disk_full" or (limit is not None and self._failures >= limit):
            raise _EndedEarlyError

    def _record(self, row: Row) -> None:
        if row.crash is not None:
            self._on_crash(row, row.crash)
            row.crash.__traceback__ = None  # its frames refer to pixels
            row = replace(row, crash=None)
        self._rows.append(row)
        self._on_row(row)


def run_plan(
    plan: Plan,
    runner: ModelRunner,
    config: PipelineConfig,
    *,
    on_row: Callable[[Row], None] = lambda row: None,
    before_write: BeforeWrite = lambda job, size, sha256: None,
    on_crash: Callable[[Row, BaseException], None] = lambda row, error: None,
    on_work: Callable[[Path], None] = lambda source: None,
    interruption: Interruption | None = None,
    more_jobs: Callable[[], Sequence[Job]] = tuple,
) -> Report:
    """Enhances every image of a plan; one that fails is a row of the report and does not end the run.

    A full disk, ``config.max_errors``, Ctrl-C and SIGTERM end the run early: images that are nearly written
    are finished, others are dropped, and no partial file is left. A second signal exits at once. A lost
    device ends the run after all finished results are written.

    Args:
        plan: What to read and write.
        runner: The model and how to run it.
        config: Threads, batches, queues and limits.
        on_row: Called with each row in the calling thread; signals are held back meanwhile.
        before_write: Called in the writing thread just before a result is written.
        on_crash: Called before ``on_row`` with a row that failed because of a bug, and with the exception.
        on_work: Called with the first source of each batch before the model runs on it.
        interruption: Handles the signals, also before this run; None makes one for this run.
        more_jobs: Called when the jobs of the plan are being read, and then before each image; gives further
            jobs, none of them to be skipped, if there are any by then.
    """
    cv2.setNumThreads(0)  # OpenCV's own threads would compete with those of the model
    interruption = interruption or Interruption()
    run = _Run(plan, runner, config, on_row, before_write, on_crash, on_work, interruption, more_jobs)
    with run.interruption.installed():
        try:
            run.enhance_all()
            return run.report(is_complete=True)
        except KeyboardInterrupt as stop:
            run.abandon()
            return run.report(exit_code_of(stop))
        except _EndedEarlyError:
            run.abandon()
            return run.report()
        except BaseException:
            with suppress(Exception):  # the first error counts
                run.abandon()
            raise
        finally:
            run.writer.close()
