"""How jobs are shared out among worker processes."""

from pathlib import Path

import pytest

from lowlight_cli.pipeline.job_queue import CHUNK_S, FIRST_JOBS, LEAST_S, MOST_JOBS, JobQueue
from lowlight_cli.pipeline.plan import Job


def _jobs(count):
    return [Job(Path(f"in/{number}"), Path(f"out/{number}")) for number in range(count)]


@pytest.mark.parametrize(
    ("waiting", "seconds", "expected"),
    [
        (2000, None, FIRST_JOBS),
        (2000, 0.01, 250),
        (2000, 0.05, int(CHUNK_S / 0.05)),
        (99_999, 0.001, MOST_JOBS),
        (300, 0.004, int(LEAST_S / 0.004)),
        (200, 0.002, 200 // 4),
        (200, 1.0, int(CHUNK_S)),
        (48, None, 6),
        (15, 0.0001, 1),
        (1, 0.0001, 1),
    ],
)
def test_chunks_follow_speed_and_share(waiting, seconds, expected):
    assert len(JobQueue(_jobs(waiting)).next_chunk(4, seconds)) == expected


@pytest.mark.parametrize("seconds", [None, 1e-6, 0.01, 9.0])
def test_every_job_is_handed_out_once_in_order(seconds):
    queue, jobs, found = JobQueue(_jobs(500)), _jobs(500), []
    while queue:
        found += queue.next_chunk(3, seconds)
    assert found == jobs


def test_the_last_jobs_and_those_of_lost_workers_do_not_follow_others():
    queue = JobQueue(_jobs(16))
    assert queue.can_follow(4)
    assert not queue.can_follow(5)
    lost = [job for _ in range(16) for job in queue.next_chunk(4)]
    queue.put_back(lost)
    assert len(lost) == 16
    assert queue
    assert not queue.can_follow(4)
    assert queue.next_chunk(4, 1e-6) == (lost[0],)
