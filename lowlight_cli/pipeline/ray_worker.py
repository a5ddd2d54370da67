"""A worker of a run on Ray: an actor that gets chunks of jobs and returns their rows.

Nothing is raised from here, because Ray would drop the rows of the chunk: errors are messages.
"""

import logging
import os
import pickle
import socket
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lowlight_cli.errors import OutputError, UnavailableError
from lowlight_cli.pipeline.attempts import Attempt, AttemptLog
from lowlight_cli.pipeline.collected_rows import crashed_row
from lowlight_cli.pipeline.job_queue import MOST_BEGINS
from lowlight_cli.pipeline.journal import remove_temp_files_of
from lowlight_cli.pipeline.plan import Job
from lowlight_cli.pipeline.report import Report
from lowlight_cli.pipeline.signals import Interruption, leave
from lowlight_cli.pipeline.worker_lock import working_in
from lowlight_cli.pipeline.worker_messages import (
    Chunk,
    ChunkEnded,
    Failed,
    Finished,
    Message,
    Ready,
    Warned,
    WorkerTask,
    Working,
)
from lowlight_cli.versions import version_of

if TYPE_CHECKING:
    import numpy as np

    from lowlight_cli.pipeline.worker import ChunkRunner

PINNED = ("lowlight-cli", "torch", "numpy", "pillow", "opencv-python")
"""Libraries whose versions must be equal on all machines of a run, because results depend on them."""


@dataclass(frozen=True, slots=True)
class RayTask:
    """What a worker on any machine does.

    Attributes:
        work: Settings, and where results and records go.
        marker: File in the output folder that is unique to the run.
        source: One of the inputs; None if none of them could be found.
        cwd: Working folder of the program.
        host: Name of the machine where the program runs.
        versions: Versions of ``PINNED`` there.
    """

    work: WorkerTask
    marker: Path
    source: Path | None
    cwd: Path
    host: str
    versions: dict[str, str | None]

    def computing_in(self, precision: str) -> "RayTask":
        """The task with a number format."""
        settings = self.work.settings.model_copy(update={"precision": precision})
        return replace(self, work=replace(self.work, settings=settings))


def pinned_versions() -> dict[str, str | None]:
    """Versions of ``PINNED`` on this machine; None for one that is not installed."""
    return {name: version_of(name) for name in PINNED}


class ChunkWorker:
    """Enhances chunks, and gives up an image on which workers have died.

    Args:
        make_runner: Loads the model, and sends messages to the function that it gets.
        log: Knows earlier attempts at each chunk.
        die: Ends this process; called if the device is lost for the rest of it.
    """

    def __init__(
        self,
        make_runner: "Callable[[Callable[[Message], None]], ChunkRunner]",
        log: AttemptLog,
        die: Callable[[], None] = lambda: leave(1),
    ) -> None:
        self._log = log
        self._die = die
        self._number = -1
        self._messages: list[Message] = []
        self._runner = make_runner(self._send)

    def run(self, number: int, chunk: Chunk) -> list[Message]:
        """Enhances the images of a chunk that have no row yet.

        Args:
            number: Number of the chunk.
            chunk: Jobs, none of them to be skipped.

        Returns:
            What was sent about it in all attempts.
        """
        try:
            return self._run(number, chunk)
        finally:
            self._log.end(number)

    def _run(self, number: int, chunk: Chunk) -> list[Message]:
        attempt = self._log.begin(number)
        warned = self._messages if self._number < 0 else []  # while the model was loaded
        self._number, self._messages = number, [*warned, *attempt.messages]
        if attempt.number == 1:
            self._enhance(chunk, chunk.jobs)
        else:
            self._enhance_again(chunk, attempt)
        return self._messages

    def _enhance_again(self, chunk: Chunk, attempt: Attempt) -> None:
        """Enhances what is left, each image alone, so that the next death shows which one it was."""
        host = socket.gethostname()
        self._send(Warned(f"a worker process on {host} ended; its images are tried again"))
        finished = {message.row.target for message in attempt.messages if isinstance(message, Finished)}
        left = [job for job in chunk.jobs if job.target not in finished]
        remove_temp_files_of(job.target for job in left)
        for job in left:
            if self._log.begin_alone(self._number, job.target) >= MOST_BEGINS:
                self._send(Finished(crashed_row(job)))
            elif not self._enhance(chunk, (job,)):
                return

    def _enhance(self, chunk: Chunk, jobs: tuple[Job, ...]) -> bool:
        """Enhances images; returns whether all were finished."""
        report: Report = self._runner.run(Chunk(jobs, chunk.info, chunk.measured))
        self._send(ChunkEnded(report.stages))
        if report.ended_by is not None:
            self._send(Warned(str(report.ended_by)))
            self._die()
        return not report.left

    def _send(self, message: Message) -> None:
        if isinstance(message, Working):
            return
        self._messages.append(message)
        if self._number >= 0:
            self._log.note(self._number, message)


class RayWorker:
    """An actor of Ray Data; holds a model.

    Args:
        task: What it does.
        attempts: Handle of the actor that holds ``Attempts``.
    """

    def __init__(self, task: RayTask, attempts: Any) -> None:  # noqa: ANN401 - a handle of Ray
        self._worker: ChunkWorker | None = None
        self._failed: Failed | None = None
        interruption = Interruption()

        def load(send: Callable[[Message], None]) -> "ChunkRunner":
            from lowlight_cli.pipeline.worker import ChunkRunner

            return ChunkRunner(task.work, send, interruption)

        try:
            prepare(task)
            self._working = working_in(task.work.folder, task.work.records)
            self._working.__enter__()  # until the process ends
            self._worker = ChunkWorker(load, _RemoteLog(attempts))
        except Exception as error:
            self._failed = _failed(error)
        listener = threading.Thread(target=_wait_for_stop, args=(attempts, interruption), daemon=True)
        listener.start()

    def __call__(self, batch: "dict[str, np.ndarray]") -> dict[str, list[Any]]:
        """Enhances one chunk.

        Args:
            batch: ``number`` and ``chunk`` of one item, as ``packed`` gives them.

        Returns:
            ``number``, and ``messages``: a pickled list.
        """
        number = int(batch["number"][0])
        if self._worker is None:
            messages: list[Message] = [self._failed] if self._failed else []
        else:
            try:
                messages = self._worker.run(number, pickle.loads(batch["chunk"][0]))
            except Exception as error:
                messages = [_failed(error)]
        return {"number": [number], "messages": [pickle.dumps(messages)]}


def packed(number: int, chunk: Chunk) -> dict[str, Any]:
    """A chunk as an item of Ray Data."""
    return {"number": number, "chunk": pickle.dumps(chunk)}


def load_once(task: RayTask) -> Ready | Failed:
    """Loads the model on a machine of Ray and drops it; says which number format to use for all images."""
    try:
        prepare(task)
        from lowlight_cli.pipeline.worker import ChunkRunner

        return ChunkRunner(task.work, lambda message: None, Interruption()).ready
    except Exception as error:
        return _failed(error)


def prepare(task: RayTask) -> None:
    """Prepares a process of Ray, and checks that its machine fits the one where the program runs.

    Raises:
        UnavailableError: Other versions are installed here.
        OutputError: The output folder is another one here, or the inputs are missing.
    """
    warnings.simplefilter("ignore")  # damage in an image is reported by its row
    logging.disable(logging.CRITICAL)
    with suppress(OSError):
        os.chdir(task.cwd)  # paths may be relative; whether they are right is checked next
    check_machine(task, socket.gethostname())


def check_machine(task: RayTask, host: str) -> None:
    """Checks that a machine has the same versions and sees the same folders; see ``prepare``.

    Args:
        task: What the worker does.
        host: Name of its machine.
    """
    for name, version in pinned_versions().items():
        if version != task.versions[name]:
            raise UnavailableError(
                f"{host} has {name} {version or 'not installed'}, {task.host} has {task.versions[name]}; "
                "install the same versions on all machines of the Ray cluster"
            )
    if not task.marker.exists():
        raise OutputError(
            f"'{task.work.folder}' on {host} is not the folder of that name on {task.host}; "
            "a Ray cluster needs a shared disk"
        )
    if host != task.host and task.source and not task.source.exists():
        raise OutputError(f"{host} cannot find '{task.source}'; a Ray cluster needs a shared disk")


def _failed(error: Exception) -> Failed:
    from lowlight_cli.pipeline.worker import portable

    return Failed(portable(error))


def _wait_for_stop(attempts: Any, interruption: Interruption) -> None:  # noqa: ANN401 - a handle of Ray
    import ray

    with suppress(Exception):  # the program has ended
        ray.get(attempts.wait_for_stop.remote())
    interruption.request()


class _RemoteLog:
    """``Attempts`` in an actor of Ray."""

    def __init__(self, handle: Any) -> None:  # noqa: ANN401 - a handle of Ray
        self._handle = handle

    def begin(self, chunk: int) -> Attempt:
        import ray

        attempt: Attempt = ray.get(self._handle.begin.remote(chunk))
        return attempt

    def begin_alone(self, chunk: int, target: Path) -> int:
        import ray

        return int(ray.get(self._handle.begin_alone.remote(chunk, target)))

    def note(self, chunk: int, message: Message) -> None:
        self._handle.note.remote(chunk, message)

    def end(self, chunk: int) -> None:
        self._handle.end.remote(chunk)
