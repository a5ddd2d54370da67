"""Encodes and writes results in threads behind the model, with a limit on queued results."""

import hashlib
import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from lowlight_cli.errors import ImageError, LowlightError, as_image_error
from lowlight_cli.images.encode import encode_bytes
from lowlight_cli.images.formats import format_of, result_format
from lowlight_cli.images.metadata.attach import fit_metadata
from lowlight_cli.images.metadata.policy import limit_metadata, mark
from lowlight_cli.images.picture import Picture
from lowlight_cli.images.replace import replace_file
from lowlight_cli.pipeline.batches import Loaded
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.file_stat import FileStat
from lowlight_cli.pipeline.plan import Job
from lowlight_cli.pipeline.report import Row, failed_row
from lowlight_cli.pipeline.stages import StageClock

BeforeWrite = Callable[[Job, int, str], None]
"""Called with job, size in bytes and SHA-256 before a result is written; an ``ImageError`` prevents it."""


_THREADS_PER_WORKER = 2
"""Writing takes more threads than reading, as they wait for the disk, which confirms each file."""


class _PendingWrite(NamedTuple):
    target: Path
    pixels: int
    future: Future[Row]


class WriteBehind:
    """Writes results in threads and returns their rows in the order of ``put``.

    Args:
        config: How to write, half the number of threads, and the size of a pass; two results for each thread,
            or those of two full passes, may wait, and at most ``queue_pixels`` pixels.
        before_write: Called in a thread of the pool; see ``BeforeWrite``.
        clock: Receives the seconds of writing.
    """

    def __init__(
        self,
        config: PipelineConfig,
        before_write: BeforeWrite = lambda job, size, sha256: None,
        clock: StageClock | None = None,
    ) -> None:
        self._config = config
        self._before_write = before_write
        self._clock = clock or StageClock()
        self._threads = _THREADS_PER_WORKER * config.workers
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="encode")
        self._most = 2 * max(self._threads, config.batch_size)
        self._waiting: deque[_PendingWrite] = deque()
        self._pixels = 0
        self._lock = threading.Lock()
        self._is_abandoned = False
        self._claimed: set[Path] = set()

    def put(self, item: Loaded, result: Picture, seconds: float) -> None:
        """Queues a result to be written.

        Args:
            item: The input image.
            result: The enhanced image.
            seconds: Time spent on it so far.
        """
        # Not the whole item: the pixels of the source can be freed while the result waits.
        future = self._pool.submit(self._timed_write, item.job, item.stat, item.edge_width, result, seconds)
        self._waiting.append(_PendingWrite(item.job.target, item.area, future))
        self._pixels += item.area

    @property
    def should_collect(self) -> bool:
        """Whether the oldest result is written, or the queue is too full to go on without waiting for it."""
        return bool(self._waiting) and (self._waiting[0].future.done() or self._is_full())

    @property
    def is_idle(self) -> bool:
        """Whether no result is queued."""
        return not self._waiting

    def wait_for_oldest(self) -> None:
        """Waits until the oldest result is written; may be interrupted without losing a row."""
        oldest = self._waiting[0].future
        if not oldest.done():
            wait([oldest])

    def pop_oldest(self) -> Row:
        """Removes the oldest result from the queue and returns its row."""
        oldest = self._waiting.popleft()
        self._pixels -= oldest.pixels
        return oldest.future.result()

    def abandon(self, grace_s: float) -> Iterator[Row]:
        """Yields rows of results that are nearly written; all others are dropped and never reach the disk.

        Args:
            grace_s: Seconds to wait for images that are being encoded.
        """
        for writing in self._waiting:
            writing.future.cancel()
        wait([writing.future for writing in self._waiting], timeout=grace_s)
        with self._lock:
            self._is_abandoned = True
        wait([each.future for each in self._waiting if each.target in self._claimed])
        for writing in self._waiting:
            if _has_result(writing.future):
                yield writing.future.result()

    @property
    def is_busy(self) -> bool:
        """Whether a thread still encodes or writes."""
        return any(not writing.future.done() for writing in self._waiting)

    def close(self) -> None:
        """Drops results not yet begun and stops the threads; does not wait for them after ``abandon``."""
        self._pool.shutdown(wait=not self._is_abandoned, cancel_futures=True)

    def _is_full(self) -> bool:
        return len(self._waiting) > self._most or self._pixels > self._config.queue_pixels

    def _timed_write(
        self, job: Job, stat: FileStat, edge_width: float | None, result: Picture, seconds: float
    ) -> Row:
        with self._clock.timed("write"):
            return self._write(job, stat, edge_width, result, seconds)

    def _write(
        self, job: Job, stat: FileStat, edge_width: float | None, result: Picture, seconds: float
    ) -> Row:
        start = time.perf_counter()
        try:
            result = _with_final_metadata(result, job.target, self._config)
            data = _encoded(result, job.target, self._config)
            self._claim(job.target)
            _check_room(job.target, len(data), self._config.min_free)
            digest = hashlib.sha256(data).hexdigest()
            self._before_write(job, len(data), digest)
            is_in_place = job.target == job.source
            replace_file(job.target, data, attributes_of=job.source if is_in_place else None)
        except Exception as error:
            ends_run = isinstance(error, CancelledError | LowlightError)
            if ends_run and not isinstance(error, ImageError):
                raise
            return failed_row(job, as_image_error(error, "write"), seconds + time.perf_counter() - start)
        if self._config.preserve_mtime:
            with suppress(OSError):  # some network disks set their own times
                os.utime(job.target, ns=(stat.mtime_ns, stat.mtime_ns))
        return Row(
            job.source,
            job.target,
            "ok",
            seconds=seconds + time.perf_counter() - start,
            width=result.width,
            height=result.height,
            warnings=result.warnings,
            output_bytes=len(data),
            output_sha256=digest,
            source_size=stat.size,
            source_mtime_ns=stat.mtime_ns,
            edge_width=edge_width,
        )

    def _claim(self, target: Path) -> None:
        with self._lock:
            if self._is_abandoned:
                raise CancelledError
            self._claimed.add(target)


def _with_final_metadata(picture: Picture, target: Path, config: PipelineConfig) -> Picture:
    """The image with this program named in its metadata, and warnings about metadata the format drops."""
    metadata = picture.restore.metadata
    _, lost = fit_metadata(limit_metadata(metadata, config.write.metadata), _format(picture, target))
    restore = replace(
        picture.restore, metadata=mark(metadata, config.software) if config.software else metadata
    )
    return replace(picture, restore=restore, warnings=tuple(dict.fromkeys(picture.warnings + lost)))


def _format(picture: Picture, target: Path) -> str:
    return format_of(target) or result_format(picture.restore.format, None)


def _encoded(picture: Picture, target: Path, config: PipelineConfig) -> bytes:
    try:
        return encode_bytes(picture, _format(picture, target), config.write)
    except MemoryError as error:
        raise ImageError("oom", "not enough memory to encode the image") from error


def _check_room(target: Path, size: int, min_free: int) -> None:
    """Checks the free space on the disk.

    Args:
        target: File to be written.
        size: Its size in bytes.
        min_free: Bytes that must stay free.

    Raises:
        ImageError: Fewer bytes would stay free.
    """
    if not min_free:
        return
    folder = next(folder for folder in target.absolute().parents if folder.is_dir())
    free = shutil.disk_usage(folder).free
    if free - size < min_free:
        raise ImageError(
            "disk_full", f"{target}: {free // 2**20} MiB are free, --min-free keeps {min_free // 2**20}"
        )


def _has_result(future: Future[Row]) -> bool:
    """Whether a future holds a row, or an error to raise: neither cancelled nor abandoned."""
    return future.done() and not future.cancelled() and not isinstance(future.exception(), CancelledError)
