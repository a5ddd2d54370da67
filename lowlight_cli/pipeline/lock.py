"""Locks an output folder, so that runs do not interfere.

A run that writes a folder holds the lock exclusively; runs that write a single named file, and shards of
one run, share it. A shard also holds a lock of its own exclusively.
"""

import errno
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path

from lowlight_cli.errors import LockedError, OutputError
from lowlight_cli.pipeline.scan import STATE_FOLDER

try:
    import fcntl
except ImportError:  # Windows has no flock; there the user must not start runs that overlap
    fcntl = None  # type: ignore[assignment]

LOCK_NAME = "lock"

_POLL_S = 0.1
_SHARED_WAIT_S = 0.3
"""Least time to wait for a shared lock, as another that shares it may hold it alone for a moment."""

_CLEANING_UP = ", cleaning up"
_BUSY = (errno.EAGAIN, errno.EACCES)


@contextmanager
def output_lock(
    folder: Path,
    *,
    timeout_s: float = 0.0,
    shared: bool = False,
    name: str = LOCK_NAME,
    tries_alone: bool = True,
    when_alone: Callable[[], object] = lambda: None,
    when_unsupported: Callable[[], object] = lambda: None,
) -> Iterator[None]:
    """Holds the lock of an output folder.

    The operating system releases the lock when the process ends, even if it is killed.

    Args:
        folder: The output folder, which must exist.
        timeout_s: Seconds to wait for another run.
        shared: Whether runs that also share the lock may hold it at the same time.
        name: Name of the lock file.
        tries_alone: Whether a run that shares the lock first tries to be alone.
        when_alone: Called first if no other run holds the lock; those that share it wait meanwhile.
        when_unsupported: Called first if the disk does not support locks; then nothing is locked.

    Raises:
        LockedError: Another run holds it.
        OutputError: The lock file cannot be created.
    """
    path = folder / STATE_FOLDER / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise OutputError(f"cannot write to '{path.parent}': {error.strerror}") from error
    try:
        match _lock(file, timeout_s, shared, path, tries_alone=tries_alone):
            case _Held.ALONE:
                _write_holder(file, _CLEANING_UP if shared else "")
                when_alone()
                if shared and fcntl:
                    _write_holder(file)
                    fcntl.flock(file, fcntl.LOCK_SH)
            case _Held.SHARED if not tries_alone:
                _write_holder(file)
            case _Held.UNSUPPORTED:
                when_unsupported()
        yield
    finally:
        os.close(file)


def is_locked(path: Path) -> bool:
    """Whether a run holds a lock exclusively; False if the disk does not support locks.

    Args:
        path: The lock file.
    """
    if fcntl is None:
        return False
    try:
        file = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in _BUSY
    finally:
        os.close(file)
    return False


class _Held(Enum):
    """How a lock is held."""

    ALONE = "alone"
    SHARED = "shared"
    UNSUPPORTED = "unsupported"


def _lock(file: int, timeout_s: float, shared: bool, path: Path, *, tries_alone: bool) -> _Held:
    """Waits for the lock; returns how it is held.

    Args:
        file: Descriptor of the lock file.
        timeout_s: Seconds to wait.
        shared: Whether a shared lock is enough.
        path: Path of the lock file, for messages.
        tries_alone: Whether to try the exclusive lock first, if a shared one is enough.
    """
    if fcntl is None:
        return _Held.ALONE
    give_up_at = time.monotonic() + max(timeout_s, _SHARED_WAIT_S if shared else 0.0)
    kinds = [fcntl.LOCK_EX] if tries_alone or not shared else []
    kinds += [fcntl.LOCK_SH] if shared else []
    while True:
        for kind in kinds:
            try:
                fcntl.flock(file, kind | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in _BUSY:
                    return _Held.UNSUPPORTED  # as on some network disks
            else:
                return _Held.ALONE if kind == fcntl.LOCK_EX else _Held.SHARED
        holder = _holder(path)
        is_cleaned_up = shared and _CLEANING_UP in holder
        if time.monotonic() >= give_up_at and not is_cleaned_up:
            raise LockedError(
                f"another run writes to '{path.parent.parent}' ({holder}); "
                "wait for it with --lock-timeout 600"
            )
        time.sleep(_POLL_S)


def _write_holder(file: int, what: str = "") -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, f"pid {os.getpid()} on {socket.gethostname()}{what}\n".encode(), 0)
    with suppress(OSError):
        os.fsync(file)  # NFS shows it to other machines only then


def _holder(path: Path) -> str:
    """Who holds a lock; opens the file, as NFS shows what others wrote only to whoever opens it later."""
    try:
        lines = path.read_bytes()[:200].decode(errors="replace").splitlines()
    except OSError:
        lines = []
    return lines[0].strip() if lines else "unknown process"
