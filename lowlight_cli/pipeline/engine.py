"""The batch engine: decode ahead -> batches -> model -> encode behind, in bounded memory."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import cv2

from lowlight_cli.errors import ImageError, LowlightError
from lowlight_cli.pipeline.batches import Loaded, batches
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.decode_ahead import SAMPLE_SIZE, read_ahead
from lowlight_cli.pipeline.device_errors import DeviceLostError
from lowlight_cli.pipeline.encode_behind import BeforeWrite, WriteBehind
from lowlight_cli.pipeline.frames import enhance_batch
from lowlight_cli.pipeline.model_runner import ModelRunner
from lowlight_cli.pipeline.plan import Plan
from lowlight_cli.pipeline.report import Report, Row, failed_row, rows_without_work
from lowlight_cli.pipeline.signals import Interruption, exit_code_of

_GRACE_S = 1.0
"""Time that a stopped run spends on pictures whose pixels are ready."""


class _EndedEarlyError(Exception):
    """The disk is full, or too many pictures failed."""


class _Run:
    """One run: its rows as they come in, who is told of them, and when it ends."""

    def __init__(
        self,
        plan: Plan,
        runner: ModelRunner,
        config: PipelineConfig,
        on_row: Callable[[Row], None],
        before_write: BeforeWrite,
        on_crash: Callable[[Row, BaseException], None],
    ) -> None:
        self.plan = plan
        self.runner = runner
        self.config = config
        self.writer = WriteBehind(config, before_write)
        self.interruption = Interruption()
        self._jobs = [job for job in plan.jobs if not job.skip]
        self._rows: list[Row] = []
        self._failures = 0
        self._started = time.perf_counter()
        self._on_row = on_row
        self._on_crash = on_crash
        self._ended_by: LowlightError | None = None

    def enhance_all(self) -> None:
        """Takes the plan from its first job to its last row, or as far as the device can be used."""
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
            batch_pixels=self.runner.limits.pixels,
            multiple=self.runner.enhancer.size_multiple,
        )
        for batch in groups:
            self._enhance(batch)
            del batch  # a large source need not stay until its result is written
            while self.writer.has_news:
                self._add(self._next_written())

    def abandon(self) -> None:
        """Tells of what was written all the same."""
        for row in self.writer.abandon(_GRACE_S):
            self._tell(row)

    def report(self, stopped_by: int | None = None, *, is_complete: bool = False) -> Report:
        """The outcome.

        Args:
            stopped_by: Exit code of the signal that ended the run.
            is_complete: Whether nothing interrupted the run; then every job must have a row, unless the
                device was lost.
        """
        expected = len(self.plan.jobs) + len(self.plan.closed)
        left = expected - len(self._rows)
        told = {(row.source, row.target) for row in self._rows}
        if len(told) != len(self._rows) or left < 0 or (is_complete and left and not self._ended_by):
            raise RuntimeError(f"{expected} jobs gave {len(self._rows)} rows, {len(told)} different ones")
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
        )

    def _readable(self) -> Iterator[Loaded]:
        """Pictures to enhance; the others become rows."""
        stream = read_ahead(self._jobs, self.config)
        while True:
            with self.interruption.harmless():
                item = next(stream, None)
            if item is None:
                return
            if isinstance(item, Row):
                self._add(item)
                continue
            given = [item]
            del item  # else it would stay in memory until the next is asked for
            yield given.pop()

    def _enhance(self, batch: list[Loaded]) -> None:
        start = time.perf_counter()
        try:
            with self.interruption.harmless():
                outcomes = enhance_batch([item.picture for item in batch], self.runner)
        except DeviceLostError as error:
            if len(batch) == 1:  # of several, nobody knows which one it was
                self._tell(failed_row(batch[0].job, ImageError("device", str(error)), batch[0].seconds))
            raise
        share = (time.perf_counter() - start) / len(batch)
        for item, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, ImageError):
                self._add(failed_row(item.job, outcome, item.seconds + share))
            else:
                self.writer.put(item, outcome, item.seconds + share)

    def _next_written(self) -> Row:
        with self.interruption.harmless():
            self.writer.wait_for_oldest()
        return self.writer.pop_oldest()

    def _add(self, row: Row) -> None:
        self._tell(row)
        self._failures += row.status == "failed"
        limit = self.config.max_errors
        if row.code == "disk_full" or (limit is not None and self._failures >= limit):
            raise _EndedEarlyError

    def _tell(self, row: Row) -> None:
        if row.crash is not None:
            self._on_crash(row, row.crash)
            row.crash.__traceback__ = None  # its frames, and those that called them, hold pixels
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
) -> Report:
    """Enhances every picture of a plan; one that fails is a row in the report, not the end of the run.

    A full disk, ``config.max_errors``, Ctrl-C and SIGTERM end it early: pictures that are nearly written are
    finished, others are dropped, and nothing half written is left. A second signal ends the program. A device
    that can no longer be used ends it when all results that were made are written.

    Args:
        plan: What to read and write.
        runner: The model and how to run it.
        config: Threads, batches, queues and limits.
        on_row: Told of each outcome, in the calling thread; no signal comes in between.
        before_write: Told, in the thread that writes, of a result that is about to get its name.
        on_crash: Told of a row that failed because of a bug, and of the bug, before ``on_row`` is.
    """
    cv2.setNumThreads(0)  # the threads here are enough; OpenCV's own would fight with those of the model
    run = _Run(plan, runner, config, on_row, before_write, on_crash)
    with run.interruption.watched():
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
