"""Decodes images in threads ahead of the model, with a limit on queued pixels, and picks a sample for blur.

The sample bounds the time spent on measuring: large runs measure at most ``SAMPLE_SIZE`` images.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from lowlight_cli.errors import ImageError, as_image_error
from lowlight_cli.images.blur_metric import edge_width
from lowlight_cli.images.brightness import mean_luma
from lowlight_cli.images.decode import decode, peek_pixels, read_small_file
from lowlight_cli.images.depth import widened
from lowlight_cli.images.encode import check_fits
from lowlight_cli.images.formats import FORMATS, format_of, result_format
from lowlight_cli.images.picture import Picture
from lowlight_cli.images.settings import ReadSettings
from lowlight_cli.pipeline.batches import NO_FILE, Loaded
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.file_stat import FileStat
from lowlight_cli.pipeline.pixel_budget import PixelBudget
from lowlight_cli.pipeline.plan import Job
from lowlight_cli.pipeline.report import Row, failed_row
from lowlight_cli.pipeline.stages import StageClock


def read_ahead(
    jobs: Sequence[Job],
    config: PipelineConfig,
    clock: StageClock | None = None,
    more_jobs: Callable[[], Sequence[Job]] = tuple,
) -> Iterator[Loaded | Row]:
    """Decodes images in threads and yields them in job order, or a row for one that failed or is skipped.

    By the sizes in their headers, at most ``config.queue_pixels`` pixels are queued, but always one image.
    The threads look at the headers, too: the caller touches no file, and so waits for none.
    Edges are measured in ``config.measured``, or in the images that ``is_in_sample`` selects.

    Args:
        jobs: What to read.
        config: How to read, the number of threads, and the size of a pass; see ``images_ahead``.
        clock: Receives the seconds of reading.
        more_jobs: Called when all jobs are begun, and again with each image; gives jobs that came meanwhile.
    """
    readers = _Readers(config, clock or StageClock(), len(jobs))
    upcoming = iter(jobs)
    try:
        while True:
            while readers.count < images_ahead(config):
                job = next(upcoming, None)
                if job is None:
                    upcoming = iter(more_jobs())
                    job = next(upcoming, None)
                if job is None:
                    break
                readers.begin(job)
            if not readers.count:
                return
            yield readers.oldest()
    finally:
        readers.close()


def images_ahead(config: PipelineConfig) -> int:
    """Number of images that are read ahead of the model: two full passes, or two for each thread."""
    return 2 * max(config.workers, config.batch_size)


class _Readers:
    """Threads that decode images.

    Args:
        config: How to read.
        clock: Receives the seconds of reading.
        total: Number of images of the run, of which a sample is measured.
    """

    def __init__(self, config: PipelineConfig, clock: StageClock, total: int) -> None:
        self._config = config
        self._clock = clock
        self._total = total
        self._begun = 0
        self._ahead: deque[Future[Loaded | Row]] = deque()
        self._budget = PixelBudget(config.queue_pixels)
        self._pool = ThreadPoolExecutor(config.workers, thread_name_prefix="decode")

    @property
    def count(self) -> int:
        """Number of images that are begun and not handed over."""
        return len(self._ahead)

    def begin(self, job: Job) -> None:
        """Queues an image to be read."""
        chosen = self._config.measured
        is_measured = is_in_sample(self._begun, self._total) if chosen is None else job.target in chosen
        self._ahead.append(self._pool.submit(self._read, self._begun, job, is_measured))
        self._begun += 1

    def oldest(self) -> Loaded | Row:
        """Waits for the image that was begun first, and hands it over."""
        item = [self._ahead[0].result()]
        self._budget.give_back(self._begun - len(self._ahead))
        self._ahead.popleft()
        return item.pop()

    def close(self) -> None:
        """Drops images not yet begun; does not wait for the threads."""
        self._budget.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _read(self, index: int, job: Job, is_measured: bool) -> Loaded | Row:
        with self._clock.timed("read"):
            content = _small_content(job.source)
        if not self._budget.take(index, peek_pixels(job.source, content and content.data)):
            raise CancelledError
        return _read(job, content, self._config, is_measured, self._clock)


class _Content(NamedTuple):
    """A file that was read before there was room for its pixels.

    Attributes:
        data: All of it.
        stat: Its status from before.
        seconds: Time spent reading it.
    """

    data: bytes
    stat: FileStat
    seconds: float


def _small_content(path: Path) -> _Content | None:
    """A small file, which is opened once for its header and its pixels; None for others."""
    start = time.perf_counter()
    if (found := read_small_file(path, _SMALL_BYTES)) is None:
        return None
    data, status = found
    return _Content(data, FileStat(status.st_size, status.st_mtime_ns), time.perf_counter() - start)


def _read(
    job: Job, content: _Content | None, config: PipelineConfig, is_measured: bool, clock: StageClock
) -> Loaded | Row:
    """A decoded image, or the row of one that failed or is skipped; a bug fails only this image."""
    start = time.perf_counter() - (content.seconds if content else 0.0)
    try:
        with clock.timed("read"):
            return _loaded(job, content, config, is_measured, start)
    except Exception as error:
        return failed_row(job, as_image_error(error, "read"), time.perf_counter() - start)


def _loaded(
    job: Job, content: _Content | None, config: PipelineConfig, is_measured: bool, start: float
) -> Loaded | Row:
    picture, stat = _decode_unchanged(job.source, content, config.read)
    format_name = format_of(job.target) or result_format(picture.restore.format, None)
    check_fits(picture, format_name, config.write)
    if config.write.bit_depth == "16" and FORMATS[format_name].keeps_16_bit:
        picture = widened(picture)
    width = edge_width(picture.frames[0].model_input) if is_measured else None
    seconds = time.perf_counter() - start
    if config.only_dark is not None and mean_luma(picture.frames[0].model_input) > config.only_dark:
        return Row(job.source, job.target, "skipped", "bright", "brighter than --only-dark", seconds)
    return Loaded(job, picture, seconds, stat, width)


def _decode_unchanged(
    path: Path, content: _Content | None, settings: ReadSettings
) -> tuple[Picture, FileStat]:
    """Decodes a file that does not change meanwhile; reads it once more if it does.

    Raises:
        ImageError: The file cannot be decoded, or changed twice.
    """
    for is_last in (False, True):
        data, before = (content.data, content.stat) if content else (None, _stat(path))
        content = None
        try:
            picture = decode(path, settings, data)
        except ImageError:
            if is_last or _stat(path) == before:
                raise
            continue
        if _stat(path) == before:
            return picture, before
    raise ImageError("unreadable", "the file changed while it was read; run again when it is complete")


def _stat(path: Path) -> FileStat:
    try:
        found = path.stat()
    except OSError:  # decoding reports what is wrong
        return NO_FILE
    return FileStat(found.st_size, found.st_mtime_ns)


_SMALL_BYTES = 2**22
"""Size of a file that a thread may hold while it waits for room for the pixels."""

SAMPLE_SIZE = 100
"""Maximum number of images in which blur is measured."""


def is_in_sample(index: int, count: int) -> bool:
    """Whether blur is measured in an image; depends on its index only, not on threads or speed.

    Of more than ``SAMPLE_SIZE`` images, exactly ``SAMPLE_SIZE`` are selected, evenly spaced.

    Args:
        index: Index of the image among those to enhance, from 0.
        count: Number of images to enhance.
    """
    share = min(SAMPLE_SIZE, count)
    return (index + 1) * share // count > index * share // count
