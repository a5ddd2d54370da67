"""A limit on pixels that are read ahead, which threads share in the order of the images.

A file of its own, because its locks are easier to check without what happens between them.
"""

import threading
from typing import NamedTuple


class _Request(NamedTuple):
    pixels: int
    answer: threading.Event


class PixelBudget:
    """Lets images be read in order while their pixels fit; one image alone always fits.

    Args:
        most: Pixels that may be held at a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[int, int] = {}
        self._pixels = 0
        self._next = 0
        self._waiting: dict[int, _Request] = {}
        self._lock = threading.Lock()
        self._is_closed = False

    def take(self, index: int, pixels: int) -> bool:
        """Waits until all earlier images have their pixels and these fit, too.

        Args:
            index: Index of the image, from 0; each comes once, and in any order.
            pixels: Pixels of the image.

        Returns:
            Whether the image may be read; not so after ``close``.
        """
        request = _Request(pixels, threading.Event())
        with self._lock:
            self._waiting[index] = request
            self._grant()
        request.answer.wait()
        return not self._is_closed

    def give_back(self, index: int) -> None:
        """Frees the pixels of an image."""
        with self._lock:
            self._pixels -= self._held.pop(index)
            self._grant()

    def close(self) -> None:
        """Lets nothing more be read, and wakes all that wait."""
        with self._lock:
            self._is_closed = True
            self._grant()

    def _grant(self) -> None:
        """Answers requests; each wakes only its own thread."""
        while self._is_closed and self._waiting:
            self._waiting.popitem()[1].answer.set()
        while request := self._waiting.get(self._next):
            if self._held and self._pixels + request.pixels > self._most:
                return
            del self._waiting[self._next]
            self._held[self._next] = request.pixels
            self._pixels += request.pixels
            self._next += 1
            request.answer.set()
