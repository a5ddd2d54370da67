"""A worker process as the process that started it sees it."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from lowlight_cli.pipeline.plan import Job
from lowlight_cli.pipeline.report import Row
from lowlight_cli.pipeline.worker_messages import Chunk, Message, WorkerTask

STOP_S = 15.0
"""Seconds that a worker gets to finish the files that it writes, before it is killed."""

AHEAD_S = 2.0
"""A worker with less work than for so many seconds gets its next chunk, so that its device never waits."""


@dataclass(slots=True, eq=False)
class WorkerProcess:
    """A worker process.

    Attributes:
        device: Its device.
        process: The process.
        connection: To that process.
        jobs: Jobs of its chunks that have no row yet, by their outputs.
        is_ready: Whether its model is loaded.
        chunks: Number of chunks that it works on, of which all jobs may have rows already.
        seconds: Seconds that it took for each image; None before its first row.
    """

    device: str
    process: BaseProcess
    connection: Connection
    jobs: dict[Path, Job] = field(default_factory=dict)
    is_ready: bool = False
    chunks: int = 0
    seconds: float | None = None
    _began_at: float | None = None
    _rows: int = 0

    @staticmethod
    def started(device: str, main: Callable[[Connection], None]) -> "WorkerProcess":
        """A new process, which waits for a ``WorkerTask``.

        Args:
            device: Its device.
            main: Main function of the process; ends when the connection does.
        """
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=main, args=(there,), name=f"lle-{device}", daemon=True)
        with _signals_blocked():
            process.start()
        there.close()
        return WorkerProcess(device, process, here)

    def send(self, message: WorkerTask | None) -> None:
        """Sends what to do, or that nothing more follows.

        That the process is dead is noticed when its connection is read.
        """
        with suppress(OSError):
            self.connection.send(message)

    def begin(self, chunk: Chunk) -> None:
        """Sends a chunk; it may still work on others."""
        self.jobs.update((job.target, job) for job in chunk.jobs)
        self.chunks += 1
        if self._began_at is None:
            self._began_at = time.monotonic()
        with suppress(OSError):
            self.connection.send(chunk)

    def note_row(self, row: Row) -> None:
        """Notes that a job of its chunks has a row."""
        if row.target in self.jobs and self._began_at is not None:
            del self.jobs[row.target]
            self._rows += 1
            self.seconds = (time.monotonic() - self._began_at) / self._rows

    def end_chunks(self, count: int) -> None:
        """Notes that some of its chunks are done."""
        self.chunks -= count
        if not self.chunks:
            self.jobs = {}

    @property
    def is_busy(self) -> bool:
        """Whether it works on a chunk."""
        return self.chunks > 0

    @property
    def is_nearly_done(self) -> bool:
        """Whether it soon has nothing to read ahead."""
        return self.seconds is not None and len(self.jobs) * self.seconds < AHEAD_S

    def receive(self) -> Message | None:
        """The next message, which is waited for; None if the process has ended."""
        try:
            message: Message = self.connection.recv()
        except (EOFError, OSError):
            return None
        return message

    def end(self) -> str:
        """Waits until the process has ended, and kills it if it does not; returns how it ended."""
        self.connection.close()
        if not self.is_ready:
            self.process.kill()  # loading can take long, and nothing is written yet
        self.process.join(STOP_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        return _ending(self.process.exitcode)


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Context in which started processes inherit that Ctrl-C and SIGTERM do not reach them.

    A terminal sends Ctrl-C to all processes of a command; workers stop when this process asks them to.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # else starting a process starts it, and that lets the signals through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ending(code: int | None) -> str:
    """How a process ended: ``exit code 1``, or ``signal SIGKILL`` with its usual reason."""
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
    return f"signal {name}, as when memory runs out" if name == "SIGKILL" else f"signal {name}"
