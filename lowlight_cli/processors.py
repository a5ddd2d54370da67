"""How many processors this process may use.

A file of its own, because it is read by all layers and must import nothing.
"""

import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""CPU limit of a container in cgroup v2: quota and period in microseconds, or "max" and the period."""

MOST_WORKERS = 8
"""Most threads that read: more only wait for Python's lock.

With 16 processors and a fast GPU, 14 were as fast as 4 or up to a seventh slower (JPEG of 600x400). Large
photos take longer to decode and need more than 4.
"""

_PROCESSORS_FOR_EACH = 4
_MOST_SHARING = 4


def default_workers() -> int:
    """Default number of decoding threads: the usable processors, at most ``MOST_WORKERS``."""
    return min(MOST_WORKERS, usable_processors())


def workers_of_process(processors: int) -> int:
    """Default number of decoding threads in one of several processes.

    Args:
        processors: Its share of the processors.
    """
    return max(2, min(MOST_WORKERS, processors))


def usable_processors(quota: Path = _QUOTA) -> int:
    """Number of processors that this process may use, within the CPU limit of its container; at least 1.

    Args:
        quota: File with the CPU limit; a file that is missing or not readable as a limit sets none.
    """
    knows_affinity = hasattr(os, "sched_getaffinity")  # not on macOS and Windows
    count = len(os.sched_getaffinity(0)) if knows_affinity else os.cpu_count() or 1
    return max(1, min(count, _quota_processors(quota) or count))


def _quota_processors(quota: Path) -> int | None:
    try:
        time, period = (int(number) for number in quota.read_text().split())
        return -(-time // period)  # round up: a quota of 1.5 processors keeps two threads busy
    except (OSError, ValueError, ZeroDivisionError):
        return None


def shared_device(device: str, processors: int) -> str:
    """A GPU as often as processes may share it, as in ``cuda:0,cuda:0``; empty if it is one process.

    One for four processors, at most four: more were not measured.

    Args:
        device: Name of the GPU.
        processors: Those that may be used.
    """
    count = min(_MOST_SHARING, processors // _PROCESSORS_FOR_EACH)
    return ",".join([device] * count) if count > 1 else ""
