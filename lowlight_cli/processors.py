"""How many processors this process may use.

A file of its own, because it is read by all layers and must import nothing.
"""

import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Processor time that a container may take, of version 2 of control groups: two numbers, or "max" and one."""

MOST_WORKERS = 16
"""An estimate: threads of one process wait for Python's global lock, so more of them read no faster."""


def default_workers() -> int:
    """Threads that read files: the processors this process may use, ``MOST_WORKERS`` at most."""
    return min(MOST_WORKERS, usable_processors())


def usable_processors(quota: Path = _QUOTA) -> int:
    """Processors of the machine that this process may run on, within the limit of its container; at least 1.

    Args:
        quota: File with the limit: microseconds of processor time in each period, and the period. One that is
            missing or says something else sets no limit.
    """
    knows_affinity = hasattr(os, "sched_getaffinity")  # not on macOS and Windows
    count = len(os.sched_getaffinity(0)) if knows_affinity else os.cpu_count() or 1
    return max(1, min(count, _quota_processors(quota) or count))


def _quota_processors(quota: Path) -> int | None:
    try:
        time, period = (int(number) for number in quota.read_text().split())
        return -(-time // period)  # one and a half keep two threads busy
    except (OSError, ValueError, ZeroDivisionError):
        return None
