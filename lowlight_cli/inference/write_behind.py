"""Encoding behind the model, in threads, with a bound on the pictures that wait to be written."""

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

from lowlight_cli.errors import ImageError
from lowlight_cli.images.encode import encode
from lowlight_cli.images.picture import Pixels
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
        quality: Of JPEG and WebP, 1 to 100.
    """

    def __init__(self, *, workers: int, pixels: int, quality: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="encode")
        self._waiting: deque[_Writing] = deque()
        self._longest = 2 * workers
        self._pixels = pixels
        self._quality = quality

    def put(self, item: Loaded, result: Pixels, seconds: float) -> None:
        """Hands in a result.

        Args:
            item: The picture it belongs to.
            result: Enhanced pixels.
            seconds: Time spent on it so far.
        """
        future = self._pool.submit(_write, item, result, seconds, self._quality)
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


def _write(item: Loaded, result: Pixels, seconds: float, quality: int) -> Row:
    start = time.perf_counter()
    job, picture = item.job, item.picture
    try:
        encode(replace(picture, pixels=result), job.target, quality=quality)
    except ImageError as error:
        spent = seconds + time.perf_counter() - start
        return Row(job.source, job.target, "failed", error.code, str(error), spent)
    spent = seconds + time.perf_counter() - start
    return Row(
        job.source,
        job.target,
        "ok",
        seconds=spent,
        width=picture.width,
        height=picture.height,
        warnings=picture.warnings,
    )
