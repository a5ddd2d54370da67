"""A worker of a run with several processes: holds a model, gets chunks of jobs, and sends their rows back.

The process that started it holds the lock and writes the manifest. Before a worker writes a result, it notes
it in a journal of its own, so that a run that is killed can be recovered.
"""

import logging
import queue
import threading
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection

import torch

from lowlight_cli.errors import describe_bug
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.engine import run_plan
from lowlight_cli.pipeline.in_place import Backup
from lowlight_cli.pipeline.model_runner import ModelRunner
from lowlight_cli.pipeline.model_setup import make_pipeline_config, make_runner
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.report import Report
from lowlight_cli.pipeline.run_log import Journal
from lowlight_cli.pipeline.signals import Interruption, leave
from lowlight_cli.pipeline.worker_journal import worker_journal_path
from lowlight_cli.pipeline.worker_lock import working_in
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


class ChunkRunner:
    """Enhances chunks of jobs with one model.

    Args:
        task: What the worker does.
        send: Receives what happens, from any thread.
        interruption: Handles requests to stop.

    Raises:
        LowlightError: The model cannot be loaded.
    """

    def __init__(self, task: WorkerTask, send: Callable[[Message], None], interruption: Interruption) -> None:
        self._send = send
        self._interruption = interruption
        if task.torch_threads is not None:
            torch.set_num_threads(task.torch_threads)
        self._runner = make_runner(task.settings, on_warning=lambda text: send(Warned(text)))
        # The process that started this one counts failures.
        self._config = replace(make_pipeline_config(task.settings, self._runner.device), max_errors=None)
        self._folder = task.folder
        self._journal = Journal(task.folder, task.options, worker_journal_path(task.folder, task.records))
        self._backup = Backup(task.backup_dir) if task.backup_dir else None

    @property
    def ready(self) -> Ready:
        """Device and number format."""
        runner: ModelRunner = self._runner
        return Ready(str(runner.device), runner.precision.name, runner.precision_reason)

    def run(self, chunk: Chunk, more_jobs: Callable[[], Sequence[Job]] = tuple) -> Report:
        """Enhances the images of a chunk, and sends their rows.

        Args:
            chunk: Jobs, none of them to be skipped.
            more_jobs: Gives the jobs of chunks that came meanwhile, as in ``run_plan``.
        """
        self._journal.begin(chunk.info)
        config: PipelineConfig = replace(self._config, measured=chunk.measured)
        return run_plan(
            Plan(chunk.jobs, self._folder),
            self._runner,
            config,
            on_row=lambda row: self._send(Finished(row)),
            before_write=self._before_write,
            on_crash=lambda row, error: self._send(Crashed(replace(row, crash=None), portable(error))),
            on_work=lambda source: self._send(Working(source)),
            interruption=self._interruption,
            more_jobs=more_jobs,
        )

    def close(self) -> None:
        """Syncs the journal."""
        self._journal.close()

    def _before_write(self, job: Job, size: int, sha256: str) -> None:
        self._journal.before_write(job, size, sha256)
        if self._backup:
            self._backup.keep(job)


class _ChunkQueue:
    """Chunks that have come and are not begun; None is the last of them."""

    def __init__(self) -> None:
        self._queue = queue.SimpleQueue[Chunk | None]()
        self.count = 0
        """Number of chunks that were taken since ``first`` was called."""

    def put(self, chunk: Chunk | None) -> None:
        """Adds a chunk."""
        self._queue.put(chunk)

    def first(self) -> Chunk | None:
        """Waits for a chunk."""
        self.count = 1
        return self._queue.get()

    def more_jobs(self) -> tuple[Job, ...]:
        """Jobs of the next chunk, if it is there; so nothing drains from one chunk to the next."""
        with suppress(queue.Empty):
            if (chunk := self._queue.get_nowait()) is not None:
                self.count += 1
                return chunk.jobs
            self._queue.put(None)
        return ()


def portable(error: BaseException) -> BaseException:
    """The error in a form that another process can read, with its traceback as a note."""
    text = "".join(traceback.format_exception(error))
    try:
        copy = type(error)(*error.args)
    except Exception:
        copy = RuntimeError(describe_bug(error))
    copy.add_note(text)
    return copy


def serve(connection: Connection) -> None:
    """Main function of a worker process: receives a ``WorkerTask``, then chunks; ends when none can follow.

    ``None``, or the end of the process that started it, stops the chunk at work: files that are nearly
    written are finished, and no partial file is left.

    Args:
        connection: To the process that started this one.
    """
    warnings.simplefilter("ignore")  # damage in an image is reported by its row
    logging.disable(logging.CRITICAL)
    try:
        task = connection.recv()
    except EOFError:
        leave(0)
    interruption, chunks, sending = Interruption(), _ChunkQueue(), threading.Lock()

    def send(message: Message) -> None:
        with sending, suppress(OSError):  # if nobody listens any more, the worker is about to stop
            connection.send(message)

    threading.Thread(target=_listen, args=(connection, chunks, interruption), daemon=True).start()
    with working_in(task.folder, task.records):
        _work(task, chunks, send, interruption)
    leave(0)  # threads whose results are no longer needed may still work


def _listen(connection: Connection, chunks: _ChunkQueue, interruption: Interruption) -> None:
    is_first = True
    try:
        while (chunk := connection.recv()) is not None:
            chunks.put(chunk)
            is_first = False
    except (EOFError, OSError):
        if is_first:
            leave(0)  # the model may still be loading, and nothing is written
    interruption.request()
    chunks.put(None)


def _work(
    task: WorkerTask, chunks: _ChunkQueue, send: Callable[[Message], None], interruption: Interruption
) -> None:
    """Loads the model and works on chunks until there are no more; sends an error that ends it."""
    try:
        runner = ChunkRunner(task, send, interruption)
        send(runner.ready)
        while (chunk := chunks.first()) is not None:
            report = runner.run(chunk, chunks.more_jobs)
            if report.ended_by is not None:
                send(Warned(str(report.ended_by)))
                leave(1)  # the device is lost for the rest of this process
            send(ChunkEnded(report.stages, chunks.count))
        runner.close()
    except Exception as error:
        send(Failed(portable(error)))
