"""Stops a run on Ctrl-C or a polite kill, after the step at hand is finished and saved."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from lowlight_cli.pipeline.signals import SIGNAL_BASE, Stopped, leave


class StopRequest:
    """Takes SIGINT and SIGTERM while it is watched, in the main thread; elsewhere it does nothing.

    Until ``defer`` is called there is nothing to save, and a signal raises ``Stopped`` at once. A second
    signal ends the program at once.

    Attributes:
        number: Of the signal that came, here or in a process that trains along; None while there is none.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._has_come = False
        self._is_deferred = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While it lasts, signals are taken."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._take) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def defer(self) -> None:
        """From now on signals are only noted: whoever asks, stops."""
        self._is_deferred = True

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._has_come:
            leave(SIGNAL_BASE + number)
        self._has_come, self.number = True, number
        if not self._is_deferred:
            raise Stopped(number)
