"""Hands the jobs of a run to Ray Data, and receives what its workers send, in the order of the jobs."""

import pickle
import queue
import threading
import time
from collections.abc import Sequence
from typing import Any

from lowlight_cli.pipeline.job_queue import JobQueue
from lowlight_cli.pipeline.plan import Job
from lowlight_cli.pipeline.ray_cluster import Placement
from lowlight_cli.pipeline.ray_worker import RayTask, RayWorker, packed
from lowlight_cli.pipeline.run_log import RunInfo
from lowlight_cli.pipeline.worker_messages import Chunk, Message

MOST_JOBS = 64
"""Most jobs of a chunk."""

MOST_BYTES = 128 * 2**20
"""Most bytes of the sources of a chunk of several jobs, so that a chunk of large photos ends in time."""


_CLOSE_S = 10.0


def divide(jobs: Sequence[Job], workers: int) -> list[tuple[Job, ...]]:
    """Chunks of jobs, in order; they get smaller towards the end, so that all workers end together.

    Ray gets all chunks at once, so that they cannot follow the speed of a worker as those of ``JobQueue`` do.

    Args:
        jobs: None of them to be skipped.
        workers: Number of workers.
    """
    chunks, start = list[tuple[Job, ...]](), 0
    while start < len(jobs):
        most = min((len(jobs) - start) // (2 * workers), MOST_JOBS)
        end, size = start + 1, _bytes(jobs[start])
        while end < min(start + most, len(jobs)) and size + _bytes(jobs[end]) <= MOST_BYTES:
            size += _bytes(jobs[end])
            end += 1
        chunks.append(tuple(jobs[start:end]))
        start = end
    return chunks


def _bytes(job: Job) -> int:
    return job.stat.size if job.stat else 0


class Results:
    """What the workers of a run send, chunk by chunk.

    A thread waits for Ray, so that a signal interrupts only the wait for that thread: an exception inside
    Ray would kill the workers at once.

    Args:
        dataset: A data set of Ray with ``number`` and ``messages`` of each chunk.
    """

    def __init__(self, dataset: Any) -> None:  # noqa: ANN401 - Ray is imported late
        self._items = queue.SimpleQueue[tuple[int, list[Message]] | BaseException | None]()
        self._is_closed = False
        self._earlier = set(threading.enumerate())
        self._thread = threading.Thread(target=self._receive, args=(dataset,), daemon=True)
        self._thread.start()

    def _receive(self, dataset: Any) -> None:  # noqa: ANN401
        try:
            # Without prefetching: a thread that uses Ray after it is shut down ends this process.
            for block in dataset.iter_batches(batch_size=None, batch_format="numpy", prefetch_batches=0):
                for number, messages in zip(block["number"], block["messages"], strict=True):
                    self._items.put((int(number), pickle.loads(messages)))
                if self._is_closed:
                    break
            self._items.put(None)
        except BaseException as error:
            self._items.put(error)

    def next(self) -> tuple[int, list[Message]] | None:
        """Number and messages of the next chunk; None after the last one.

        Raises:
            LostClusterError: Ray cannot go on.
        """
        item = self._items.get()
        if isinstance(item, BaseException):
            raise LostClusterError(item)
        return item

    def close(self) -> None:
        """Waits until no thread uses Ray: until the next row, which comes soon after a stop."""
        self._is_closed = True
        self._thread.join(_CLOSE_S)
        give_up_at = time.monotonic() + _CLOSE_S
        while (left_s := give_up_at - time.monotonic()) > 0 and (begun := self._begun()):
            begun[0].join(left_s)

    def _begun(self) -> list[threading.Thread]:
        """Threads of the data set; the one that would prefetch sleeps until the process ends."""
        begun = (thread for thread in threading.enumerate() if thread not in self._earlier)
        return [thread for thread in begun if thread.name != "Prefetcher"]


class LostClusterError(Exception):
    """Ray cannot go on.

    Args:
        cause: What Ray raised.
    """

    def __init__(self, cause: BaseException) -> None:
        super().__init__(cause)
        self.cause = cause


def begin(jobs: Sequence[Job], info: RunInfo, task: RayTask, placement: Placement, attempts: Any) -> Results:  # noqa: ANN401
    """Starts the workers.

    Args:
        jobs: All jobs to do, in order.
        info: Manifest fields that all images of the run share.
        task: What each worker does.
        placement: What each worker gets.
        attempts: Handle of the actor that holds ``Attempts``.
    """
    import ray.data

    queue_ = JobQueue(jobs)
    items = [
        packed(number, Chunk(chunk, info, queue_.measured(chunk)))
        for number, chunk in enumerate(divide(jobs, placement.workers))
    ]
    dataset = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(
        RayWorker,
        fn_constructor_args=(task, attempts),
        batch_size=1,
        batch_format="numpy",
        compute=ray.data.ActorPoolStrategy(
            size=min(placement.workers, len(items)), max_tasks_in_flight_per_actor=2
        ),
        num_cpus=placement.cpus,
        num_gpus=placement.gpus or None,
    )
    dataset.context.execution_options.preserve_order = True
    dataset.context.enable_progress_bars = False
    return Results(dataset)
