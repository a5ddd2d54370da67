"""Suppresses messages about damaged files that C libraries print; users get our own messages instead.

libtiff, libpng and LibRaw write to file descriptor 2, bypassing Python. While they read, it is redirected to
the null device. The program gives Python's stderr another descriptor first; without that, nothing is muted,
so that no message of Python is lost.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from threading import Lock

DESCRIPTOR = 2
"""File descriptor of stderr in C."""


class _StderrMute:
    """Redirects the descriptor as long as at least one thread needs it muted."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._wanted = 0
        self._kept: int | None = None

    def mute(self) -> None:
        with self._lock, suppress(OSError):  # too many open files must not cost an image
            self._wanted += 1
            if self._kept is None:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                self._kept = os.dup(DESCRIPTOR)
                os.dup2(nowhere, DESCRIPTOR)
                os.close(nowhere)

    def unmute(self) -> None:
        with self._lock:
            self._wanted -= 1
            if not self._wanted and self._kept is not None:
                os.dup2(self._kept, DESCRIPTOR)
                os.close(self._kept)
                self._kept = None


@contextmanager
def libraries_muted() -> Iterator[None]:
    """Drops what C libraries print on stderr while the context is open; any number of threads may use it."""
    if not _python_has_its_own():
        yield
        return
    mute = _shared_mute()
    mute.mute()
    try:
        yield
    finally:
        mute.unmute()


@cache
def _shared_mute() -> _StderrMute:
    """The single instance, because all threads share the descriptor."""
    return _StderrMute()


def _python_has_its_own() -> bool:
    try:
        return sys.stderr.fileno() != DESCRIPTOR
    except (AttributeError, OSError, ValueError):  # no stderr, or not a file
        return False
