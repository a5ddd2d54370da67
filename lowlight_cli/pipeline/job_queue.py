"""Divides the jobs of a run into chunks for workers; those that a lost worker did not finish come again."""

from collections import Counter, deque
from collections.abc import Sequence
from pathlib import Path

from lowlight_cli.pipeline.decode_ahead import is_in_sample
from lowlight_cli.pipeline.plan import Job

FIRST_JOBS = 64
"""Most jobs of the first chunk of a worker, whose speed is not known yet."""

MOST_JOBS = 1000
CHUNK_S = 5.0
"""Seconds that a chunk should take."""

LEAST_S = 0.25
"""Seconds of work that a chunk has at least, within a fair share: small ones leave passes incomplete."""

MOST_BEGINS = 2
"""How often a job is begun before it fails, because its worker ended each time."""


class JobQueue:
    """Jobs that wait for a worker.

    Args:
        jobs: All jobs to do, in order.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._waiting = deque(jobs)
        self._suspects = deque[Job]()
        self._begins: Counter[Path] = Counter()
        count = len(jobs)
        self._measured = {job.target for index, job in enumerate(jobs) if is_in_sample(index, count)}

    def __bool__(self) -> bool:
        """Whether a job waits."""
        return bool(self._waiting or self._suspects)

    def can_follow(self, workers: int) -> bool:
        """Whether a worker may get its next chunk before it has ended the one it works on.

        Not so for the last jobs, which are shared out one by one, nor for those that a lost worker did not
        finish: if a worker ends again, all jobs that it has count as begun.

        Args:
            workers: Number of workers.
        """
        return len(self._waiting) >= 4 * workers

    def next_chunk(self, workers: int, seconds: float | None = None) -> tuple[Job, ...]:
        """Removes the next jobs; chunks get smaller towards the end, so that all workers end together.

        Jobs that a lost worker did not finish come last, each in a chunk of its own.

        Args:
            workers: Number of workers.
            seconds: Seconds that the worker took for each image; None before its first.
        """
        if not self._waiting:
            return (self._suspects.popleft(),) if self._suspects else ()
        count = min(len(self._waiting) // (2 * workers), FIRST_JOBS if seconds is None else MOST_JOBS)
        if seconds and self.can_follow(workers):
            least, fair = int(LEAST_S / seconds), len(self._waiting) // workers
            count = min(max(count, min(least, fair)), int(CHUNK_S / seconds))
        return tuple(self._waiting.popleft() for _ in range(max(count, 1)))

    def put_back(self, jobs: Sequence[Job]) -> list[Job]:
        """Adds jobs again that a lost worker did not finish; returns those that have been begun too often.

        Args:
            jobs: Each was in a chunk of that worker.
        """
        self._begins.update(job.target for job in jobs)
        lost = [job for job in jobs if self._begins[job.target] >= MOST_BEGINS]
        self._suspects += (job for job in jobs if self._begins[job.target] < MOST_BEGINS)
        return lost

    def measured(self, jobs: Sequence[Job]) -> frozenset[Path]:
        """Outputs of those of some jobs whose blur is measured: a sample of the whole run.

        Args:
            jobs: A chunk.
        """
        return frozenset(self._measured & {job.target for job in jobs})
