"""Decoding ahead of the model, in threads, with a bound on the pixels that wait in memory."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode, peek_pixels
from lowlight_cli.images.encode import check_fits
from lowlight_cli.images.formats import format_of
from lowlight_cli.images.settings import ReadSettings, WriteSettings
from lowlight_cli.inference.batches import Loaded
from lowlight_cli.inference.plan import Job


class Unread(NamedTuple):
    """A job whose picture could not be read, why, and the seconds it took to find out."""

    job: Job
    error: ImageError
    seconds: float


class _Reading(NamedTuple):
    future: Future[Loaded | Unread]
    pixels: int


def read_ahead(
    jobs: Sequence[Job], *, workers: int, pixels: int, read: ReadSettings, write: WriteSettings
) -> Iterator[Loaded | Unread]:
    """Decodes pictures in threads and gives them in the order of the jobs.

    Args:
        jobs: What to read.
        workers: Threads; twice as many pictures are kept ahead.
        pixels: Pixels ahead at most, by the headers of the files; one picture is always let through.
        read: How files become pictures.
        write: How results will be written; what cannot be is refused here.
    """
    waiting = iter(jobs)
    upcoming = next(waiting, None)
    ahead: deque[_Reading] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="decode")
    try:
        while upcoming is not None or ahead:
            while upcoming is not None and len(ahead) < 2 * workers:
                size = peek_pixels(upcoming.source)
                if ahead and size + sum(reading.pixels for reading in ahead) > pixels:
                    break
                ahead.append(_Reading(pool.submit(_read, upcoming, read, write), size))
                upcoming = next(waiting, None)
            yield ahead.popleft().future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _read(job: Job, read: ReadSettings, write: WriteSettings) -> Loaded | Unread:
    start = time.perf_counter()
    try:
        picture = decode(job.source, read)
        check_fits(picture, format_of(job.target) or picture.restore.format, write)
    except ImageError as error:
        return Unread(job, error, time.perf_counter() - start)
    return Loaded(job, picture, time.perf_counter() - start)
