"""Locks an output folder, so that runs do not interfere.

A run that writes a folder holds the lock exclusively; runs that write a single named file share it.
"""

import errno
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lowlight_cli.errors import LockedError, OutputError
from lowlight_cli.pipeline.scan import STATE_FOLDER

try:
    import fcntl
except ImportError:  # Windows has no flock; there the user must not start runs that overlap
    fcntl = None  # type: ignore[assignment]

LOCK_NAME = "lock"

_POLL_S = 0.1
_BUSY = (errno.EAGAIN, errno.EACCES)


@contextmanager
def output_lock(
    folder: Path,
    *,
    timeout_s: float = 0.0,
    shared: bool = False,
    when_alone: Callable[[], object] = lambda: None,
) -> Iterator[None]:
    """Holds the lock of an output folder.

    The operating system releases the lock when the process ends, even if it is killed.

    Args:
        folder: The output folder, which must exist.
        timeout_s: Seconds to wait for another run.
        shared: Whether runs that also share the lock may hold it at the same time.
        when_alone: Called first if no other run holds the lock.

    Raises:
        LockedError: Another run holds it.
        OutputError: The lock file cannot be created.
    """
    path = folder / STATE_FOLDER / LOCK_NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise OutputError(f"cannot write to '{path.parent}': {error.strerror}") from error
    try:
        if _lock(file, timeout_s, shared, path):
            _write_holder(file)
            when_alone()
            if shared and fcntl:
                fcntl.flock(file, fcntl.LOCK_SH)
        yield
    finally:
        os.close(file)


def _lock(file: int, timeout_s: float, shared: bool, path: Path) -> bool:
    """Waits for the lock; returns whether it is held exclusively.

    Args:
        file: Descriptor of the lock file.
        timeout_s: Seconds to wait.
        shared: Whether a shared lock is enough.
        path: Path of the lock file, for messages.
    """
    if fcntl is None:
        return True
    give_up_at = time.monotonic() + timeout_s
    kinds = (fcntl.LOCK_EX, fcntl.LOCK_SH) if shared else (fcntl.LOCK_EX,)
    while True:
        for kind in kinds:
            try:
                fcntl.flock(file, kind | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in _BUSY:
                    return False  # some network disks do not support locks
            else:
                return kind == fcntl.LOCK_EX
        if time.monotonic() >= give_up_at:
            raise LockedError(
                f"another run writes to '{path.parent.parent}' ({_holder(file)}); "
                "wait for it with --lock-timeout 600"
            )
        time.sleep(_POLL_S)


def _write_holder(file: int) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, f"pid {os.getpid()} on {socket.gethostname()}\n".encode(), 0)


def _holder(file: int) -> str:
    return os.pread(file, 200, 0).decode(errors="replace").strip() or "unknown process"
