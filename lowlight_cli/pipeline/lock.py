"""One run at a time into a folder of results.

A run into a folder has it for itself; runs that write one named file each may go side by side.
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
except ImportError:  # Windows has other locks; runs there must not overlap
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
    """Holds the lock of a folder of results.

    The lock is the system's, and ends with the program, however that ends.

    Args:
        folder: The folder; it exists.
        timeout_s: Seconds to wait for another run.
        shared: Whether others that share it may hold it, too.
        when_alone: Called first if nobody else holds it.

    Raises:
        LockedError: Another run holds it.
        OutputError: The file of the lock cannot be made.
    """
    path = folder / STATE_FOLDER / LOCK_NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise OutputError(f"cannot write to '{path.parent}': {error.strerror}") from error
    try:
        if _lock(file, timeout_s, shared, path):
            _sign(file)
            when_alone()
            if shared and fcntl:
                fcntl.flock(file, fcntl.LOCK_SH)
        yield
    finally:
        os.close(file)


def _lock(file: int, timeout_s: float, shared: bool, path: Path) -> bool:
    """Waits for the lock; gives whether it is held alone.

    Args:
        file: Descriptor of the file of the lock.
        timeout_s: Seconds to wait.
        shared: Whether a lock held by others is good enough.
        path: Place of the file, for messages.
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
                    return False  # some network disks have no locks
            else:
                return kind == fcntl.LOCK_EX
        if time.monotonic() >= give_up_at:
            raise LockedError(f"another run writes to '{path.parent.parent}' ({_holder(file)})")
        time.sleep(_POLL_S)


def _sign(file: int) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, f"pid {os.getpid()} on {socket.gethostname()}\n".encode(), 0)


def _holder(file: int) -> str:
    return os.pread(file, 200, 0).decode(errors="replace").strip() or "its name is not known"
