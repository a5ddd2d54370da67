"""Encoding behind the model, in threads, with a bound on the pictures that wait to be written."""

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
from lowlight_cli.pipeline.batches import FileStat, Loaded
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.plan import Job
from lowlight_cli.pipeline.report import Row, failed_row

BeforeWrite = Callable[[Job, int, str], None]
"""What is told of a result that is about to get its name; an ``ImageError`` keeps it from coming about."""


class _Writing(NamedTuple):
    target: Path
    pixels: int
    future: Future[Row]


class WriteBehind:
    """Writes results in threads; the rows come back in the order in which results were handed in.

    Args:
        config: Number of threads; twice as many results may wait, and as many pixels as in its queue.
        before_write: Told, in a thread, of a result that is about to get its name: its job, bytes, SHA-256.
    """

    def __init__(
        self, config: PipelineConfig, before_write: BeforeWrite = lambda job, size, sha256: None
    ) -> None:
        self._config = config
        self._before_write = before_write
        self._pool = ThreadPoolExecutor(config.workers, thread_name_prefix="encode")
        self._waiting: deque[_Writing] = deque()
        self._gate = threading.Lock()
        self._is_abandoned = False
        self._reaching_disk: set[Path] = set()

    def put(self, item: Loaded, result: Picture, seconds: float) -> None:
        """Hands in a result.

        Args:
            item: The picture it belongs to.
            result: The same picture, enhanced.
            seconds: Time spent on it so far.
        """
        # The pixels of the source are not passed on: they can be forgotten while the result waits.
        future = self._pool.submit(self._write, item.job, item.stat, item.edge_width, result, seconds)
        self._waiting.append(_Writing(item.job.target, item.area, future))

    @property
    def has_news(self) -> bool:
        """Whether the oldest result is written, or must be before another is handed in."""
        return bool(self._waiting) and (self._waiting[0].future.done() or self._is_full())

    @property
    def is_idle(self) -> bool:
        """Whether everything handed in was told of."""
        return not self._waiting

    def wait_for_oldest(self) -> None:
        """Returns when the oldest result is written; may be interrupted without loss."""
        wait([self._waiting[0].future])

    def pop_oldest(self) -> Row:
        """Outcome of the oldest result, which is forgotten then."""
        return self._waiting.popleft().future.result()

    def abandon(self, grace_s: float) -> Iterator[Row]:
        """Outcomes of what is nearly finished; nothing else of what was handed in will come to the disk.

        Args:
            grace_s: Seconds to wait for pictures that are being encoded.
        """
        for writing in self._waiting:
            writing.future.cancel()
        wait([writing.future for writing in self._waiting], timeout=grace_s)
        with self._gate:
            self._is_abandoned = True
        wait([each.future for each in self._waiting if each.target in self._reaching_disk])
        for writing in self._waiting:
            if _has_result(writing.future):
                yield writing.future.result()

    @property
    def is_busy(self) -> bool:
        """Whether a thread still works on something."""
        return any(not writing.future.done() for writing in self._waiting)

    def close(self) -> None:
        """Ends the threads; what has not begun is dropped, and what was abandoned is not waited for."""
        self._pool.shutdown(wait=not self._is_abandoned, cancel_futures=True)

    def _is_full(self) -> bool:
        too_many = len(self._waiting) > 2 * self._config.workers
        return too_many or sum(writing.pixels for writing in self._waiting) > self._config.queue_pixels

    def _write(
        self, job: Job, stat: FileStat, edge_width: float | None, result: Picture, seconds: float
    ) -> Row:
        start = time.perf_counter()
        try:
            result = _signed(result, job.target, self._config)
            data = _encoded(result, job.target, self._config)
            self._pass_gate(job.target)
            _check_room(job.target, len(data), self._config.min_free)
            digest = hashlib.sha256(data).hexdigest()
            self._before_write(job, len(data), digest)
            is_in_place = job.target == job.source
            replace_file(job.target, data, attributes_of=job.source if is_in_place else None)
        except Exception as error:
            concerns_others = isinstance(error, CancelledError | LowlightError)
            if concerns_others and not isinstance(error, ImageError):
                raise
            return failed_row(job, as_image_error(error, "write"), seconds + time.perf_counter() - start)
        if self._config.preserve_mtime:
            with suppress(OSError):  # some network disks keep their own time
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

    def _pass_gate(self, target: Path) -> None:
        with self._gate:
            if self._is_abandoned:
                raise CancelledError
            self._reaching_disk.add(target)


def _signed(picture: Picture, target: Path, config: PipelineConfig) -> Picture:
    """The picture with metadata that name what made it, and with a warning where the format keeps not all."""
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
        raise ImageError("oom", "not enough memory to encode it") from error


def _check_room(target: Path, size: int, min_free: int) -> None:
    """Refuses to fill the disk.

    Args:
        target: File to be written.
        size: Its bytes.
        min_free: Bytes that must stay free.
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
    """Whether a row came of it: not dropped, and not given up on the way."""
    return future.done() and not future.cancelled() and not isinstance(future.exception(), CancelledError)
