"""A stop asked for from outside: Ctrl-C, or a polite kill.

The first signal ends the run where nothing is left half done; the second ends the program at once.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

SIGNAL_BASE = 128
"""A shell reports a signal as this plus its number."""


class Stopped(KeyboardInterrupt):
    """A signal arrived; handled wherever Ctrl-C is.

    Args:
        number: Of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class Interruption:
    """Takes SIGINT and SIGTERM while it is used as a context, in the main thread; elsewhere it does nothing.

    A signal raises ``Stopped`` where that is harmless, and otherwise as soon as it is: rows and files that
    are being written are written to their end.
    """

    def __init__(self) -> None:
        self._number: int | None = None
        self._harmless = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While it lasts, signals are taken."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._take) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def harmless(self) -> Iterator[None]:
        """While it lasts, a signal stops the work at once; one that came before does too.

        Raises:
            Stopped: A signal arrived.
        """
        self._harmless = True
        try:
            if self._number is not None:
                raise Stopped(self._number)
            yield
        finally:
            self._harmless = False

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._number is not None:
            leave(SIGNAL_BASE + number)
        self._number = number
        if self._harmless:
            raise Stopped(number)


def exit_code_of(stop: KeyboardInterrupt) -> int:
    """130 for Ctrl-C, 143 for SIGTERM."""
    return SIGNAL_BASE + (stop.number if isinstance(stop, Stopped) else signal.SIGINT)


def leave(exit_code: int) -> NoReturn:
    """Ends the program at once, without waiting for threads.

    Args:
        exit_code: What the shell is told.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, RuntimeError):  # closed, or in the middle of a write
            stream.flush()
    os._exit(exit_code)
