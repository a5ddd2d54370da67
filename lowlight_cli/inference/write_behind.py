"""Encoding behind the model, in threads, with a bound on the pictures that wait to be written."""

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from lowlight_cli.errors import ImageError
from lowlight_cli.images.encode import encode
from lowlight_cli.images.picture import Picture
from lowlight_cli.images.settings import WriteSettings
from lowlight_cli.inference.batches import Loaded
from lowlight_cli.inference.report import Row


class _Writing(NamedTuple):
    future: Future[Row]
    pixels: int


class WriteBehind:
    """Writes results in threads; the rows come back in the order in which results were handed in.

    Args:
        workers: Threads; twice as many results may wait.
        pixels: Pixels that may wait.
        settings: How pictures become files.
    """

    def __init__(self, *, workers: int, pixels: int, settings: WriteSettings) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="encode")
        self._waiting: deque[_Writing] = deque()
        self._longest = 2 * workers
        self._pixels = pixels
        self._settings = settings

    def put(self, item: Loaded, result: Picture, seconds: float) -> None:
        """Hands in a result.

        Args:
            item: The picture it belongs to.
            result: The same picture, enhanced.
            seconds: Time spent on it so far.
        """
        future = self._pool.submit(_write, item, result, seconds, self._settings)
        self._waiting.append(_Writing(future, item.area))

    def finished(self) -> Iterator[Row]:
        """Rows of what is written, waiting for the oldest while too much is in memory."""
        while self._waiting and (self._waiting[0].future.done() or self._is_full()):
            yield self._waiting.popleft().future.result()

    def rest(self) -> Iterator[Row]:
        """Rows of everything handed in, waiting for each."""
        while self._waiting:
            yield self._waiting.popleft().future.result()

    def close(self) -> None:
        """Ends the threads; what has not begun is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _is_full(self) -> bool:
        too_many = len(self._waiting) > self._longest
        return too_many or sum(writing.pixels for writing in self._waiting) > self._pixels


def _write(item: Loaded, result: Picture, seconds: float, settings: WriteSettings) -> Row:
    start = time.perf_counter()
    job = item.job
    try:
        encode(result, job.target, settings)
    except ImageError as error:
        spent = seconds + time.perf_counter() - start
        return Row(job.source, job.target, "failed", error.code, str(error), spent)
    spent = seconds + time.perf_counter() - start
    return Row(
        job.source,
        job.target,
        "ok",
        seconds=spent,
        width=result.width,
        height=result.height,
        warnings=result.warnings,
    )
