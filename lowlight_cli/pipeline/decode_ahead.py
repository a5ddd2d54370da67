"""Decoding ahead of the model, in threads, with a bound on the pixels that wait in memory."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from lowlight_cli.errors import ImageError, as_image_error
from lowlight_cli.images.blur_metric import edge_width
from lowlight_cli.images.brightness import mean_luma
from lowlight_cli.images.decode import decode, peek_pixels
from lowlight_cli.images.depth import widened
from lowlight_cli.images.encode import check_fits
from lowlight_cli.images.formats import FORMATS, format_of, result_format
from lowlight_cli.images.picture import Picture
from lowlight_cli.images.settings import ReadSettings
from lowlight_cli.pipeline.batches import NO_FILE, FileStat, Loaded
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.plan import Job
from lowlight_cli.pipeline.report import Row, failed_row


class _Reading(NamedTuple):
    future: Future[Loaded | Row]
    pixels: int


def read_ahead(jobs: Sequence[Job], config: PipelineConfig) -> Iterator[Loaded | Row]:
    """Decodes pictures in threads and gives them in the order of the jobs; a row for each that is left out.

    By their headers no more than ``config.queue_pixels`` are ahead, but one picture is always let through.
    Edges are measured in the pictures of ``blur_sample``.

    Args:
        jobs: What to read.
        config: Number of threads; twice as many pictures are kept ahead.
    """
    waiting = iter(enumerate(jobs))
    upcoming = next(waiting, None)
    ahead: deque[_Reading] = deque()
    pool = ThreadPoolExecutor(config.workers, thread_name_prefix="decode")
    try:
        while upcoming is not None or ahead:
            while upcoming is not None and len(ahead) < 2 * config.workers:
                index, job = upcoming
                size = peek_pixels(job.source)
                if ahead and size + sum(reading.pixels for reading in ahead) > config.queue_pixels:
                    break
                is_measured = is_in_sample(index, len(jobs))
                ahead.append(_Reading(pool.submit(_read, job, config, is_measured), size))
                upcoming = next(waiting, None)
            yield ahead.popleft().future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _read(job: Job, config: PipelineConfig, is_measured: bool) -> Loaded | Row:
    """A picture, or the row of one that is left out; a bug costs no other picture."""
    start = time.perf_counter()
    try:
        return _loaded(job, config, is_measured, start)
    except Exception as error:
        return failed_row(job, as_image_error(error, "read"), time.perf_counter() - start)


def _loaded(job: Job, config: PipelineConfig, is_measured: bool, start: float) -> Loaded | Row:
    picture, stat = _decode_steady(job.source, config.read)
    form = format_of(job.target) or result_format(picture.restore.format, None)
    check_fits(picture, form, config.write)
    if config.write.bit_depth == "16" and FORMATS[form].keeps_16_bit:
        picture = widened(picture)
    width = edge_width(picture.frames[0].model_input) if is_measured else None
    seconds = time.perf_counter() - start
    if config.only_dark is not None and mean_luma(picture.frames[0].model_input) > config.only_dark:
        return Row(job.source, job.target, "skipped", "bright", "brighter than asked for", seconds)
    return Loaded(job, picture, seconds, stat, width)


def _decode_steady(path: Path, settings: ReadSettings) -> tuple[Picture, FileStat]:
    """A picture from a file that stays as it is meanwhile; one that changes gets a second chance."""
    for is_last in (False, True):
        before = _stamp(path)
        try:
            picture = decode(path, settings)
        except ImageError:
            if is_last or _stamp(path) == before:
                raise
            continue
        if _stamp(path) == before:
            return picture, before
    raise ImageError("unreadable", "the file changed while it was read")


def _stamp(path: Path) -> FileStat:
    try:
        facts = path.stat()
    except OSError:  # what is wrong with it, decoding will say
        return NO_FILE
    return FileStat(facts.st_size, facts.st_mtime_ns)


SAMPLE_SIZE = 100
"""Pictures measured at most."""


def is_in_sample(index: int, count: int) -> bool:
    """Whether a picture is measured; it depends on its place alone, so not on threads or speed.

    Of more than ``SAMPLE_SIZE`` pictures exactly so many are, at even distances.

    Args:
        index: Place of the picture among those that the run makes, from 0.
        count: Number of pictures that the run makes.
    """
    share = min(SAMPLE_SIZE, count)
    return (index + 1) * share // count > index * share // count
