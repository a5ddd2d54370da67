"""Runs the jobs of a plan in a process for each device; rows come back to this one, which records them.

Jobs that a worker had not finished when it ended are tried once more, each alone; one on which a worker ends
again fails with the code ``crashed``.
"""

import time
from collections.abc import Callable, Sequence

import torch

from lowlight_cli.counted import counted
from lowlight_cli.pipeline.collected_rows import CollectedRows, EndedEarlyError, crashed_row
from lowlight_cli.pipeline.job_queue import JobQueue
from lowlight_cli.pipeline.journal import remove_temp_files_of
from lowlight_cli.pipeline.observer import Observer
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.report import Report, Row, rows_without_work
from lowlight_cli.pipeline.request import EnhanceRequest
from lowlight_cli.pipeline.run_log import RunInfo
from lowlight_cli.pipeline.signals import Interruption, exit_code_of
from lowlight_cli.pipeline.worker_journal import worker_journal_path, written_rows
from lowlight_cli.pipeline.worker_messages import (
    Chunk,
    ChunkEnded,
    Crashed,
    Finished,
    Message,
    WorkerTask,
    Working,
)
from lowlight_cli.pipeline.worker_pool import WorkerPool
from lowlight_cli.pipeline.worker_process import STOP_S, WorkerProcess
from lowlight_cli.processors import usable_processors, workers_of_process


class _DeviceRun:
    """One run: hands out jobs, collects the rows, and decides when to stop.

    Args:
        plan: What to read and write.
        pool: Workers that have loaded the model.
        info: Manifest fields that all images of the run share.
        rows: Receives the rows.
        observer: Notified of bugs and work.
    """

    def __init__(
        self,
        plan: Plan,
        pool: WorkerPool,
        info: RunInfo,
        rows: CollectedRows,
        observer: Observer,
    ) -> None:
        self._plan = plan
        self._pool = pool
        self._info = info
        self._rows = rows
        self._observer = observer
        jobs = [job for job in plan.jobs if not job.skip]
        self._queue = JobQueue(jobs)
        self._measured = self._queue.measured(jobs)

    def run(self) -> Report:
        """Enhances all images; a signal, a full disk or too many failures end the run early."""
        interruption = Interruption()
        with interruption.installed():
            try:
                self._enhance_all(interruption)
            except KeyboardInterrupt as stop:
                self._stop()
                return self._rows.report(stopped_by=exit_code_of(stop))
            except EndedEarlyError:
                self._stop()
                return self._rows.report(ended_by=self._pool.ended_by)
        return self._rows.complete_report(self._pool.ended_by)

    def _enhance_all(self, interruption: Interruption) -> None:
        for row in rows_without_work(self._plan):
            self._rows.add(row)
        while self._queue or any(worker.is_busy for worker in self._pool.workers):
            if not self._pool.workers:
                raise EndedEarlyError
            for worker in self._pool.workers:
                if worker.is_ready:
                    self._hand_out(worker)
            with interruption.interruptible():
                self._pool.wait()
            for worker, message in self._pool.receive(self._pool.workers):
                self._take(worker, message)

    def _hand_out(self, worker: WorkerProcess) -> None:
        """Sends jobs to a worker that has none, or few; jobs that a worker lost are each tried alone."""
        workers = len(self._pool.workers)
        if worker.is_busy and not (worker.is_nearly_done and self._queue.can_follow(workers)):
            return
        jobs = self._queue.next_chunk(workers, worker.seconds)
        if jobs:
            worker.begin(Chunk(jobs, self._info, self._measured))

    def _take(self, worker: WorkerProcess, message: Message | None) -> None:
        match message:
            case Finished(row):
                worker.note_row(row)
                self._pool.note_progress(worker)
                self._rows.add(row)
            case Working(source):
                self._observer.working(source)
            case Crashed(row, error):
                self._observer.crash(row, error)
            case ChunkEnded(stages, count):
                worker.end_chunks(count)
                self._rows.add_stages(stages)
            case None:
                self._replace(worker)

    def _replace(self, worker: WorkerProcess) -> None:
        """Starts a worker again that ended, and puts its jobs back."""
        ending = self._pool.restart(worker)
        for job in self._queue.put_back(self._lost_jobs(worker)):
            self._rows.add(crashed_row(job, ending))

    def _lost_jobs(self, worker: WorkerProcess) -> list[Job]:
        """Jobs that a worker had not finished when it ended; records the others, removes partial files."""
        pid, folder = worker.process.pid, self._plan.folder
        jobs = list(worker.jobs.values())
        remove_temp_files_of(job.target for job in jobs)
        for row in written_rows(worker_journal_path(folder, self._plan.records, pid), folder, jobs):
            worker.note_row(row)
            self._rows.record(row)
        return list(worker.jobs.values())

    def _stop(self) -> None:
        """Asks all workers to stop, and records what they still finish; ends those that take too long."""
        give_up_at = time.monotonic() + STOP_S
        for worker in self._pool.workers:
            worker.send(None)
        busy = [worker for worker in self._pool.workers if worker.is_busy]
        ended: list[WorkerProcess] = []
        while busy and (left_s := give_up_at - time.monotonic()) > 0:
            for worker, message in self._pool.receive(busy, left_s):
                match message:
                    case Finished(row):
                        worker.note_row(row)
                        self._rows.record(row)
                    case ChunkEnded(stages, count):
                        self._rows.add_stages(stages)
                        worker.end_chunks(count)
                        if not worker.is_busy:
                            busy.remove(worker)
                    case None:
                        busy.remove(worker)
                        ended.append(worker)
        for worker in busy + ended:
            worker.end()
            self._lost_jobs(worker)


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
    todo = sum(not job.skip for job in plan.jobs)
    devices = devices[:todo]
    threads = request.settings.workers or workers_of_process(usable_processors() // len(devices))
    task = WorkerTask(
        settings=request.settings.model_copy(update={"workers": threads}),
        folder=plan.folder,
        records=plan.records,
        options=options,
        backup_dir=request.output.backup_dir,
        torch_threads=torch.get_num_threads(),
    )
    if warning := _thread_warning(devices, torch.get_num_threads()):
        observer.warning(warning)
    pool = WorkerPool(devices, task, observer.warning)
    try:
        ready = pool.load()
        info = start(",".join(dict.fromkeys(devices)), ready.precision, ready.reason)
        rows = CollectedRows(plan, request.settings.stop, on_row)
        with observer.progress(todo):
            return _DeviceRun(plan, pool, info, rows, observer).run()
    finally:
        pool.close()


def _thread_warning(devices: Sequence[str], threads: int) -> str | None:
    """A warning if processes on a CPU have more threads than processors; None if not.

    The number of threads is not reduced, because it changes the last bits of results.

    Args:
        devices: Device of each process.
        threads: Threads of the model in each process.
    """
    processors, count = usable_processors(), len(devices)
    few = max(1, processors // count)
    if devices[0] != "cpu" or threads <= few:
        return None
    return (
        f"{counted(count, 'process', 'processes')} with {counted(threads, 'thread')} each "
        f"share {counted(processors, 'processor')}; OMP_NUM_THREADS={few} is faster"
    )
