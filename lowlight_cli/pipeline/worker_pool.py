"""Runs the jobs of a plan in a process for each device; rows come back to this one, which records them.

A worker that dies is started again. Jobs that it had not finished are tried once more, each alone; one on
which a worker dies again fails with the code ``crashed``.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from pathlib import Path

from lowlight_cli.counted import counted
from lowlight_cli.errors import ImageError, LowlightError, UnavailableError
from lowlight_cli.pipeline.decode_ahead import SAMPLE_SIZE, is_in_sample
from lowlight_cli.pipeline.observer import Observer
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.report import Report, Row, failed_row, rows_without_work
from lowlight_cli.pipeline.request import EnhanceRequest
from lowlight_cli.pipeline.run_log import RunInfo
from lowlight_cli.pipeline.signals import Interruption, exit_code_of
from lowlight_cli.pipeline.warnings import Warnings
from lowlight_cli.pipeline.worker import serve
from lowlight_cli.pipeline.worker_messages import (
    Chunk,
    ChunkEnded,
    Crashed,
    Failed,
    Finished,
    Message,
    Ready,
    Warned,
    WorkerTask,
    Working,
)
from lowlight_cli.pipeline.worker_process import STOP_S, WorkerProcess
from lowlight_cli.processors import default_workers

MOST_JOBS = 64
"""Most jobs of a chunk."""

MOST_BEGINS = 2
"""How often a job is begun before it fails, because its worker died each time."""


class _EndedEarlyError(Exception):
    """The disk is full, too many images failed, or no worker is left."""


class WorkerPool:
    """Workers of one run.

    Args:
        plan: What to read and write.
        request: How to enhance.
        devices: Device of each worker.
        options: Hash of the settings that affect results.
        observer: Notified of warnings, bugs and work.
        on_row: Called with each row.
    """

    def __init__(
        self,
        plan: Plan,
        request: EnhanceRequest,
        devices: Sequence[str],
        options: str,
        observer: Observer,
        on_row: Callable[[Row], None],
    ) -> None:
        self._plan = plan
        self._jobs = [job for job in plan.jobs if not job.skip]
        self._devices = tuple(devices[: len(self._jobs)])
        threads = request.settings.workers or max(2, default_workers() // len(self._devices))
        self._settings = request.settings.model_copy(update={"workers": threads})
        self._task = (plan.folder, plan.records, options, request.output.backup_dir)
        stop = request.settings.stop
        self._max_errors = 1 if stop.fail_fast else stop.max_errors
        self._observer = observer
        self._on_row = on_row
        self._warnings = Warnings(observer.warning)
        self._workers: list[WorkerProcess] = []
        self._queue, self._suspects = deque(self._jobs), deque[Job]()
        self._begins: Counter[Path] = Counter()
        count = len(self._jobs)
        self._measured = frozenset(
            job.target for index, job in enumerate(self._jobs) if is_in_sample(index, count)
        )
        self._info: RunInfo | None = None
        self._rows: list[Row] = []
        self._failures = 0
        self._ended_by: LowlightError | None = None

    def load(self) -> Ready:
        """Starts the workers, and loads the model in the first, which chooses the number format for all.

        Raises:
            LowlightError: The model cannot be loaded.
        """
        self._workers = [WorkerProcess.started(device, serve) for device in self._devices]
        first = self._workers[0]
        self._assign(first)
        ready = self._wait_until_ready(first)
        self._settings = self._settings.model_copy(update={"precision": ready.precision})
        for worker in self._workers[1:]:
            self._assign(worker)
        return ready

    def run(self, info: RunInfo) -> Report:
        """Enhances all images; a signal, a full disk or too many failures end the run early.

        Args:
            info: Manifest fields that all images of the run share.
        """
        self._info, started = info, time.perf_counter()
        interruption, stopped_by, is_complete = Interruption(), None, False
        with interruption.installed():
            try:
                self._enhance_all(interruption)
                is_complete = True
            except KeyboardInterrupt as stop:
                stopped_by = exit_code_of(stop)
                self._stop()
            except _EndedEarlyError:
                self._stop()
        left = len(self._plan.jobs) + len(self._plan.closed) - len(self._rows)
        if left and is_complete:
            raise RuntimeError(f"{counted(left, 'job')} without a row")
        return Report(
            tuple(self._rows),
            time.perf_counter() - started,
            len(self._plan.ignored),
            left,
            stopped_by,
            ended_by=self._ended_by,
            is_sampled=len(self._jobs) > SAMPLE_SIZE,
        )

    def close(self) -> None:
        """Ends all workers."""
        for worker in self._workers:
            worker.connection.close()  # all at once, so that they end side by side
        for worker in self._workers:
            worker.end()
        self._workers = []

    def _assign(self, worker: WorkerProcess) -> None:
        """Sends a worker what it needs to load the model."""
        settings = self._settings.model_copy(update={"device": worker.device})
        worker.send(WorkerTask(settings, *self._task))

    def _wait_until_ready(self, worker: WorkerProcess) -> Ready:
        while (message := worker.receive()) is not None:
            self._take(worker, message)
            if isinstance(message, Ready):
                return message
        raise _ended_while_loading(worker)

    def _enhance_all(self, interruption: Interruption) -> None:
        for row in rows_without_work(self._plan):
            self._add(row)
        while self._queue or self._suspects or any(worker.jobs for worker in self._workers):
            if not self._workers:
                raise _EndedEarlyError
            for worker in self._workers:
                if worker.is_ready and not worker.is_busy:
                    self._hand_out(worker)
            with interruption.interruptible():
                active = wait([worker.connection for worker in self._workers])
            for worker in [each for each in self._workers if each.connection in active]:
                self._take(worker, worker.receive())

    def _hand_out(self, worker: WorkerProcess) -> None:
        """Sends the next chunk, if there is one; chunks get smaller, so that all workers end together."""
        if self._queue:
            share = len(self._queue) // (2 * len(self._workers))
            jobs = [self._queue.popleft() for _ in range(min(max(share, 1), MOST_JOBS))]
        elif self._suspects:
            jobs = [self._suspects.popleft()]
        else:
            return
        assert self._info is not None
        worker.jobs, worker.is_busy = {job.target: job for job in jobs}, True
        worker.send(Chunk(tuple(jobs), self._info, self._measured & worker.jobs.keys()))

    def _take(self, worker: WorkerProcess, message: Message | None) -> None:
        match message:
            case None:
                self._replace(worker)
            case Finished(row):
                if row.target:
                    worker.jobs.pop(row.target, None)
                self._add(row)
            case Ready():
                worker.is_ready = True
            case Warned(text):
                self._warnings.warn_once(text, text)
            case Working(source):
                self._observer.working(source)
            case Crashed(row, error):
                self._observer.crash(row, error)
            case Failed(error):
                self._give_up(worker, error)
            case ChunkEnded():
                worker.jobs.clear()
                worker.is_busy = False

    def _give_up(self, worker: WorkerProcess, error: BaseException) -> None:
        """Goes on without a worker that cannot load its model; the error of the last one ends the run."""
        is_alone = self._workers == [worker]
        if worker.is_ready or self._info is None or not isinstance(error, LowlightError):
            raise error
        self._drop(worker, str(error))
        if is_alone:
            self._ended_by = error

    def _drop(self, worker: WorkerProcess, reason: str) -> None:
        worker.end()
        self._workers.remove(worker)
        if self._workers:
            self._warnings.warn_once(worker.device, f"{reason}; going on without {worker.device}")

    def _replace(self, worker: WorkerProcess) -> None:
        """Starts a worker again that died, and puts its jobs back."""
        if not worker.is_ready:
            error = _ended_while_loading(worker)
            self._drop(worker, str(error))
            self._ended_by = None if self._workers else error
            return
        ending = worker.end()
        self._workers.remove(worker)
        lost = list(worker.jobs.values())
        self._warnings.warn_once(
            "died", f"a worker process on {worker.device} ended ({ending}); its images are tried again"
        )
        fresh = WorkerProcess.started(worker.device, serve)
        self._workers.append(fresh)
        self._assign(fresh)
        for job in lost:
            self._begins[job.target] += 1
            if self._begins[job.target] < MOST_BEGINS:
                self._suspects.append(job)
                continue
            message = f"the process that worked on this image ended twice ({ending})"
            self._add(failed_row(job, ImageError("crashed", message), 0.0))

    def _stop(self) -> None:
        """Asks all workers to stop, and records what they still finish."""
        give_up_at = time.monotonic() + STOP_S
        for worker in self._workers:
            worker.send(None)
        waiting = [worker for worker in self._workers if worker.jobs]
        while waiting and (left_s := give_up_at - time.monotonic()) > 0:
            active = wait([worker.connection for worker in waiting], timeout=left_s)
            for worker in [each for each in waiting if each.connection in active]:
                message = worker.receive()
                if message is None:
                    waiting.remove(worker)
                elif isinstance(message, Finished):
                    self._record(message.row)

    def _add(self, row: Row) -> None:
        self._record(row)
        self._failures += row.status == "failed"
        is_over = self._max_errors is not None and self._failures >= self._max_errors
        if row.code == "disk_full" or is_over:
            raise _EndedEarlyError

    def _record(self, row: Row) -> None:
        self._rows.append(row)
        self._on_row(row)


def run_on_devices(
    plan: Plan,
    request: EnhanceRequest,
    devices: Sequence[str],
    options: str,
    observer: Observer,
    on_row: Callable[[Row], None],
    start: Callable[[str, str, str], RunInfo],
) -> Report:
    """Enhances every image of a plan in a process for each device; else as ``engine.run_plan``.

    Args:
        plan: What to read and write.
        request: How to enhance.
        devices: Device of each process, all of one kind.
        options: Hash of the settings that affect results.
        observer: Notified of warnings, bugs and work.
        on_row: Called with each row.
        start: Called with devices, number format and why it was chosen, once the model is loaded; returns
            what all images of the run share.

    Raises:
        LowlightError: The model cannot be loaded.
    """
    pool = WorkerPool(plan, request, devices, options, observer, on_row)
    try:
        ready = pool.load()
        info = start(",".join(dict.fromkeys(devices)), ready.precision, ready.reason)
        with observer.progress(sum(not job.skip for job in plan.jobs)):
            return pool.run(info)
    finally:
        pool.close()


def _ended_while_loading(worker: WorkerProcess) -> UnavailableError:
    return UnavailableError(
        f"the worker process on {worker.device} ended while it loaded the model ({worker.end()})"
    )
