"""Lets a run wait for the workers of a run that was killed.

A file of its own, because workers and the run that waits for them import it, and that run without torch.

The lock of the output folder belongs to the process that plans and records. If that process is killed, its
workers notice it and stop, but may write for a second or two.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lowlight_cli.errors import LockedError
from lowlight_cli.pipeline.scan import STATE_FOLDER

try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None  # type: ignore[assignment]

_NAME = "workers"
_WAIT_S = 60.0
_POLL_S = 0.05


@contextmanager
def working_in(folder: Path, records: str = "") -> Iterator[None]:
    """Context in which ``wait_for_workers`` waits for this process.

    Args:
        folder: Output folder, whose lock another process of the same run holds.
        records: Ending of the names of the records of a shard, as ``Plan.records``.
    """
    file = os.open(_path(folder, records), os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if fcntl is not None:
            _try_lock(file, fcntl.LOCK_SH)
        yield
    finally:
        os.close(file)


def wait_for_workers(folder: Path, records: str | None = None) -> None:
    """Waits until no worker of an earlier run writes to a folder; the caller holds the lock of that run.

    Args:
        folder: Output folder.
        records: Ending of the names of the records of a shard, as ``Plan.records``; None for all runs.

    Raises:
        LockedError: A worker still works after a minute.
    """
    if fcntl is None:
        return
    place, give_up_at = folder / STATE_FOLDER, time.monotonic() + _WAIT_S
    for path in sorted(place.glob(f"{_NAME}*")) if records is None else [_path(folder, records)]:
        if path.exists():
            _wait_for(path, give_up_at)


def _wait_for(path: Path, give_up_at: float) -> None:
    file = os.open(path, os.O_RDWR)
    try:
        while not _try_lock(file, fcntl.LOCK_EX):
            if time.monotonic() > give_up_at:
                folder = path.parent.parent
                raise LockedError(f"processes of a run that was killed still write to '{folder}'; end them")
            time.sleep(_POLL_S)
    finally:
        os.close(file)


def _try_lock(file: int, kind: int) -> bool:
    """Takes a lock without waiting; true also on disks that do not support locks.

    Args:
        file: Descriptor of the lock file.
        kind: ``fcntl.LOCK_SH`` or ``fcntl.LOCK_EX``.
    """
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _path(folder: Path, records: str) -> Path:
    return folder / STATE_FOLDER / f"{_NAME}{records}"
