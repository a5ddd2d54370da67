"""What C libraries print by themselves about damaged files, kept from the user, who hears of damage from us.

libtiff, libpng and LibRaw write on file descriptor 2, past Python. It leads to nowhere while they read, where
Python's own stderr has another descriptor, as the program gives it; else nothing is muted, so that no word of
Python is ever lost.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from threading import Lock

DESCRIPTOR = 2
"""Of stderr, in C."""


class _StderrMute:
    """Holds the descriptor shut as long as any thread wants it so."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._wanted = 0
        self._kept: int | None = None

    def mute(self) -> None:
        with self._lock, suppress(OSError):  # too many open files are no reason to lose a picture
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
    """While it lasts, what C libraries print on stderr is dropped; any number of threads may use it."""
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
    """The only one: there is one descriptor for all threads."""
    return _StderrMute()


def _python_has_its_own() -> bool:
    try:
        return sys.stderr.fileno() != DESCRIPTOR
    except (AttributeError, OSError, ValueError):  # there is none, or it is no file
        return False
