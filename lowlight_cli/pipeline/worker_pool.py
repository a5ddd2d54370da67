"""The worker processes of a run: starts them, has them load the model, and starts those again that end."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import wait

from lowlight_cli.errors import LowlightError, UnavailableError
from lowlight_cli.pipeline.warnings import Warnings
from lowlight_cli.pipeline.worker import serve
from lowlight_cli.pipeline.worker_messages import Failed, Message, Ready, Warned, WorkerTask
from lowlight_cli.pipeline.worker_process import WorkerProcess

MOST_ENDS = 8
"""How often in a row workers of a device may end without a finished image, before it is given up."""


class WorkerPool:
    """Workers of one run.

    Args:
        devices: Device of each worker.
        task: What the workers do; each gets its own device.
        on_warning: Called once with each warning.
    """

    def __init__(self, devices: Sequence[str], task: WorkerTask, on_warning: Callable[[str], None]) -> None:
        self._devices = devices
        self._task = task
        self._warnings = Warnings(on_warning)
        self._ends: Counter[str] = Counter()
        self.workers: list[WorkerProcess] = []
        self.ended_by: LowlightError | None = None
        """Why no worker is left."""

    def load(self) -> Ready:
        """Starts the workers, and loads the model in the first, which chooses the number format for all.

        Raises:
            UnavailableError: No device can be used.
            LowlightError: The model cannot be loaded.
        """
        self.workers = [WorkerProcess.started(device, serve) for device in self._devices]
        ready = self._first_ready()
        settings = self._task.settings.model_copy(update={"precision": ready.precision})
        self._task = replace(self._task, settings=settings)
        for worker in self.workers[1:]:
            self._assign(worker)
        return ready

    def wait(self) -> None:
        """Waits until a worker has sent a message or ended; may be interrupted without losing one."""
        wait([worker.connection for worker in self.workers])

    def receive(
        self, workers: Sequence[WorkerProcess], timeout_s: float | None = None
    ) -> list[tuple[WorkerProcess, Message | None]]:
        """Waits for messages about images; others are handled here.

        Args:
            workers: Those to wait for.
            timeout_s: Seconds to wait; None is without limit.

        Returns:
            Workers and messages, at most one of each. None is the end of a worker that worked. Empty if the
            time is up, or other messages came.

        Raises:
            Exception: A worker cannot go on, because of a bug or because its journal cannot be written.
        """
        active = wait([worker.connection for worker in workers], timeout_s)
        found = [(worker, worker.receive()) for worker in workers if worker.connection in active]
        return [(worker, message) for worker, message in found if not self._is_handled(worker, message)]

    def restart(self, worker: WorkerProcess) -> str:
        """Starts a worker again that ended, or gives up its device; returns how it ended.

        Args:
            worker: One of which ``receive`` gave None.
        """
        ending = worker.end()
        self._ends[worker.device] += 1
        if self._ends[worker.device] < MOST_ENDS:
            text = f"a worker process on {worker.device} ended ({ending}); its images are tried again"
            self._warnings.warn_once("ended", text)
            self.workers.remove(worker)
            self.workers.append(WorkerProcess.started(worker.device, serve))
            self._assign(self.workers[-1])
        else:
            text = f"worker processes on {worker.device} ended {MOST_ENDS} times in a row ({ending})"
            self._drop(worker, UnavailableError(text))
        return ending

    def note_progress(self, worker: WorkerProcess) -> None:
        """Notes that a worker has finished an image, so that its device is not given up."""
        self._ends[worker.device] = 0

    def close(self) -> None:
        """Ends all workers."""
        for worker in self.workers:
            worker.connection.close()  # all at once, so that they end side by side
        for worker in self.workers:
            worker.end()
        self.workers = []

    def _first_ready(self) -> Ready:
        """Loads the model on the first device that can be used."""
        while True:
            first = self.workers[0]
            self._assign(first)
            try:
                return self._wait_until_ready(first)
            except UnavailableError as error:
                if len(self.workers) == 1:
                    raise
                self._drop(first, error)

    def _assign(self, worker: WorkerProcess) -> None:
        """Sends a worker what it needs to load the model."""
        settings = self._task.settings.model_copy(update={"device": worker.device})
        worker.send(replace(self._task, settings=settings))

    def _wait_until_ready(self, worker: WorkerProcess) -> Ready:
        while (message := worker.receive()) is not None:
            if isinstance(message, Failed):
                raise message.error
            self._is_handled(worker, message)
            if isinstance(message, Ready):
                return message
        raise _ended_while_loading(worker)

    def _is_handled(self, worker: WorkerProcess, message: Message | None) -> bool:
        """Handles a message that is not about images; returns whether it was one."""
        match message:
            case Ready():
                worker.is_ready = True
            case Warned(text):
                self._warnings.warn_once(text, text)
            case Failed(error):
                if worker.is_ready or not isinstance(error, LowlightError):
                    raise error
                self._drop(worker, error)
            case None if not worker.is_ready:
                self._drop(worker, _ended_while_loading(worker))
            case _:
                return False
        return True

    def _drop(self, worker: WorkerProcess, error: LowlightError) -> None:
        """Goes on without a worker; the error of the last one ends the run."""
        worker.end()
        self.workers.remove(worker)
        if self.workers:
            self._warnings.warn_once(worker.device, f"{error}; going on without {worker.device}")
        else:
            self.ended_by = error


def _ended_while_loading(worker: WorkerProcess) -> UnavailableError:
    return UnavailableError(
        f"the worker process on {worker.device} ended while it loaded the model ({worker.end()})"
    )
