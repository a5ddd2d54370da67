"""Handles Ctrl-C and SIGTERM.

The first signal stops the run at a safe point; the second exits at once.
"""

import _thread
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

SIGNAL_BASE = 128
"""Exit code of a program ended by signal N, minus N."""


class Stopped(KeyboardInterrupt):
    """A signal arrived; a ``KeyboardInterrupt``, so that code for Ctrl-C handles it, too.

    Args:
        number: Number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class Interruption:
    """Delays SIGINT and SIGTERM to safe points; does nothing outside the main thread.

    A signal raises ``Stopped`` at once inside ``interruptible``, and otherwise at the start of the next such
    context, so that rows and files are completed.
    """

    def __init__(self) -> None:
        self._number: int | None = None
        self._is_interruptible = False
        self._is_requested = False
        self._is_installed = False

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Context in which this object handles the signals."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._take) for number in numbers}
        self._is_installed = True
        try:
            yield
        finally:
            self._is_installed = False
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Context in which a signal, or one that arrived before, stops the work at once.

        Raises:
            Stopped: A signal arrived.
        """
        self._is_interruptible = True
        try:
            if self._number is not None:
                raise Stopped(self._number)
            yield
        finally:
            self._is_interruptible = False

    def request(self) -> None:
        """Stops the run like SIGTERM, at the next safe point if it does not run in the main thread."""
        if self._number is None:
            self._number = signal.SIGTERM
            if self._is_installed:
                self._is_requested = True
                _thread.interrupt_main(signal.SIGTERM)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._is_requested:
            self._is_requested = False
        elif self._number is not None:
            leave(SIGNAL_BASE + number)
        self._number = number
        if self._is_interruptible:
            raise Stopped(number)


def exit_code_of(stop: KeyboardInterrupt) -> int:
    """130 for Ctrl-C, 143 for SIGTERM."""
    return SIGNAL_BASE + (stop.number if isinstance(stop, Stopped) else signal.SIGINT)


def leave(exit_code: int) -> NoReturn:
    """Exits at once, without waiting for threads.

    Args:
        exit_code: Exit code of the program.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, RuntimeError):  # closed, or interrupted during a write
            stream.flush()
    os._exit(exit_code)
