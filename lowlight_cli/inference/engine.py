"""The batch engine: decode ahead -> batches -> model -> encode behind, in bounded memory."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import cv2

from lowlight_cli.errors import ImageError
from lowlight_cli.images.picture import Picture, Pixels
from lowlight_cli.images.settings import ReadSettings, WriteSettings
from lowlight_cli.inference.batches import Loaded, batches
from lowlight_cli.inference.forward import Forward
from lowlight_cli.inference.interruption import exit_code_of, terminable
from lowlight_cli.inference.plan import Job, Plan
from lowlight_cli.inference.read_ahead import Unread, read_ahead
from lowlight_cli.inference.report import Report, Row, rows_without_work
from lowlight_cli.inference.write_behind import WriteBehind


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is done at a time.

    Attributes:
        batch_size: Pictures of one size in a pass at most.
        workers: Threads that decode, and as many that encode.
        queue_pixels: Pixels that may wait on each side of the model.
        read: How files become pictures.
        write: How pictures become files.
    """

    batch_size: int = 1
    workers: int = 2
    queue_pixels: int = 2**26
    read: ReadSettings = field(default_factory=ReadSettings)
    write: WriteSettings = field(default_factory=WriteSettings)


class _DiskFullError(Exception):
    """No later picture could be written either."""


class _Run:
    """The rows of one run as they come in, and who is told of them."""

    def __init__(self, plan: Plan, on_row: Callable[[Row], None]) -> None:
        self.rows: list[Row] = []
        self.plan = plan
        self.started = time.perf_counter()
        self._on_row = on_row

    def add(self, row: Row) -> None:
        self.rows.append(row)
        self._on_row(row)

    def collect(self, rows: Iterator[Row]) -> None:
        for row in rows:
            self.add(row)
            if row.code == "disk_full":
                raise _DiskFullError

    def report(self, stopped_by: int | None = None) -> Report:
        expected = len(self.plan.jobs) + len(self.plan.closed)
        seconds = time.perf_counter() - self.started
        return Report(
            tuple(self.rows), seconds, len(self.plan.ignored), expected - len(self.rows), stopped_by
        )


def run_plan(
    plan: Plan, forward: Forward, pace: Pace, *, on_row: Callable[[Row], None] = lambda row: None
) -> Report:
    """Enhances every picture of a plan; one that fails is a row in the report, not the end of the run.

    Ctrl-C and SIGTERM end it early: what is being written is finished, nothing half written is left.

    Args:
        plan: What to read and write.
        forward: The model and how to run it.
        pace: Threads, batches and queues.
        on_row: Told of each outcome, in the calling thread.
    """
    cv2.setNumThreads(0)  # the threads here are enough; OpenCV's own would fight with those of the model
    run = _Run(plan, on_row)
    writer = WriteBehind(workers=pace.workers, pixels=pace.queue_pixels, settings=pace.write)
    try:
        with terminable():
            _enhance_all(run, forward, pace, writer)
            run.collect(writer.rest())
        return run.report()
    except KeyboardInterrupt as stop:
        for row in writer.rest():
            run.add(row)
        return run.report(exit_code_of(stop))
    except _DiskFullError:
        return run.report()
    finally:
        writer.close()


def _enhance_all(run: _Run, forward: Forward, pace: Pace, writer: WriteBehind) -> None:
    for row in rows_without_work(run.plan):
        run.add(row)
    todo = [job for job in run.plan.jobs if not job.skip]
    for batch in batches(
        _readable(todo, run, pace),
        batch_size=pace.batch_size,
        batch_pixels=forward.limits.pixels,
        multiple=forward.enhancer.size_multiple,
    ):
        _enhance_batch(batch, run, forward, writer)
        run.collect(writer.finished())


def _readable(jobs: list[Job], run: _Run, pace: Pace) -> Iterator[Loaded]:
    """Pictures that could be read; the others become rows."""
    for item in read_ahead(
        jobs, workers=pace.workers, pixels=pace.queue_pixels, read=pace.read, write=pace.write
    ):
        if isinstance(item, Unread):
            run.add(_failed(item.job, item.error, item.seconds))
        else:
            yield item


def _enhance_batch(batch: list[Loaded], run: _Run, forward: Forward, writer: WriteBehind) -> None:
    start = time.perf_counter()
    outcomes = forward([item.picture.frames[0].seen for item in batch])
    share = (time.perf_counter() - start) / len(batch)
    for item, outcome in zip(batch, outcomes, strict=True):
        result = _with_later_frames(item.picture, outcome, forward)
        if isinstance(result, ImageError):
            run.add(_failed(item.job, result, item.seconds + share))
        else:
            writer.put(item, result, item.seconds + share)


def _with_later_frames(
    picture: Picture, first: Pixels | ImageError, forward: Forward
) -> Picture | ImageError:
    """The finished picture: the outcome of its first frame, and those of the others, one by one."""
    results: list[Pixels] = []
    for outcome in (first, *(forward([frame.seen])[0] for frame in picture.frames[1:])):
        if isinstance(outcome, ImageError):
            return outcome
        results.append(outcome)
    return picture.with_pixels(results)


def _failed(job: Job, error: ImageError, seconds: float) -> Row:
    return Row(job.source, job.target, "failed", error.code, str(error), seconds)
