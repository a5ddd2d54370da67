"""Pictures -> scores: read, enhance, time, compare with the references."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import torch

from lowlight_cli.datasets.check import size_problem
from lowlight_cli.datasets.matching import Partners, Problem
from lowlight_cli.errors import ImageError
from lowlight_cli.evaluation.result import Picture
from lowlight_cli.evaluation.score import Scorer
from lowlight_cli.evaluation.stopwatch import Stopwatch
from lowlight_cli.images.decode import decode
from lowlight_cli.images.picture import Pixels
from lowlight_cli.images.pixels import to_images

Enhance = Callable[[Sequence[Pixels]], Sequence[Pixels | ImageError]]
"""Pictures of one size to their results, each of the same size, or the reason why there is none."""

_READERS = 2
_WAITING = 4


@dataclass(frozen=True, slots=True)
class Loaded:
    """A picture and its reference in memory."""

    partners: Partners
    pixels: Pixels
    reference: Pixels | None

    @property
    def kind(self) -> tuple[object, ...]:
        """Equal for pictures that can be in one batch."""
        depth = None if self.reference is None else self.reference.dtype
        return (*self.pixels.shape, self.pixels.dtype, depth)


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told of each picture.

    Attributes:
        scored: Told of the scores of a picture.
        failed: Told of a picture that cannot be scored.
        made: Told of each result before it is scored; it may raise ``ImageError``.
    """

    scored: Callable[[Picture], None] = lambda picture: None
    failed: Callable[[Problem], None] = lambda problem: None
    made: Callable[[Loaded, Pixels], None] = lambda item, result: None


def score_pictures(
    partners: Sequence[Partners],
    enhance: Enhance | None,
    scorer: Scorer,
    stopwatch: Stopwatch,
    *,
    batch_size: int = 1,
    listener: Listener | None = None,
) -> tuple[list[Picture], list[Problem]]:
    """Scores pictures, each for itself; nothing is resized, and one that cannot be read ends nothing.

    Args:
        partners: What to enhance, and what to compare it with.
        enhance: Makes results of dark pictures; None scores the files as they are.
        scorer: Metrics and protocol.
        stopwatch: Measures ``enhance``.
        batch_size: Pictures of one size in a pass at most.
        listener: Told of each picture.

    Returns:
        Scores in the order of ``partners``, and what is wrong with the others.
    """
    told = listener or Listener()
    scored: dict[str, Picture] = {}
    problems: list[Problem] = []

    def refuse(problem: Problem) -> None:
        problems.append(problem)
        told.failed(problem)

    for batch in _batches(_readable(partners, refuse), batch_size):
        for picture in _score_batch(batch, enhance, scorer, stopwatch, told, refuse):
            scored[picture.name] = picture
            told.scored(picture)
    return [scored[each.name] for each in partners if each.name in scored], problems


def _score_batch(
    batch: list[Loaded],
    enhance: Enhance | None,
    scorer: Scorer,
    stopwatch: Stopwatch,
    told: Listener,
    refuse: Callable[[Problem], None],
) -> Iterator[Picture]:
    pixels = [item.pixels for item in batch]
    results = pixels if enhance is None else stopwatch.time(enhance, pixels)
    done: list[tuple[Loaded, Pixels]] = []
    for item, result in zip(batch, results, strict=True):
        try:
            if isinstance(result, ImageError):
                raise result
            told.made(item, result)
        except ImageError as error:
            refuse(Problem(item.partners.picture, error.code, str(error)))
        else:
            done.append((item, result))
    if done:
        yield from _scores(done, scorer)


def _scores(done: list[tuple[Loaded, Pixels]], scorer: Scorer) -> Iterator[Picture]:
    images = to_images([result for _, result in done])
    references = [item.reference for item, _ in done if item.reference is not None]
    with torch.inference_mode():
        scores = scorer.score(images, to_images(references) if references else None)
    for (item, result), score in zip(done, scores, strict=True):
        height, width = result.shape[:2]
        partners = item.partners
        yield Picture(
            partners.name, partners.picture, partners.reference, width, height, score.values, score.reasons
        )


def _batches(items: Iterable[Loaded], batch_size: int) -> Iterator[list[Loaded]]:
    """Groups of one kind; a group waits for mates until others have filled four groups."""
    waiting: dict[tuple[object, ...], list[Loaded]] = {}
    for item in items:
        group = waiting.setdefault(item.kind, [])
        group.append(item)
        if len(group) >= batch_size:
            yield waiting.pop(item.kind)
        while sum(map(len, waiting.values())) > _WAITING * batch_size:
            yield waiting.pop(next(iter(waiting)))
    yield from waiting.values()


def _readable(partners: Sequence[Partners], refuse: Callable[[Problem], None]) -> Iterator[Loaded]:
    """Pictures that are readable and as large as their references, read some way ahead."""
    with ThreadPoolExecutor(_READERS) as pool:
        queue: deque[Future[Loaded | Problem]] = deque()
        rest = iter(partners)
        try:
            while True:
                queue += [pool.submit(_load, each) for each in islice(rest, 2 * _READERS - len(queue))]
                if not queue:
                    return
                item = queue.popleft().result()
                if isinstance(item, Problem):
                    refuse(item)
                else:
                    yield item
        finally:
            pool.shutdown(cancel_futures=True)


def _load(partners: Partners) -> Loaded | Problem:
    path = partners.picture
    try:
        pixels = decode(path).pixels
        if partners.reference is None:
            return Loaded(partners, pixels, None)
        path = partners.reference
        reference = decode(path).pixels
    except ImageError as error:
        return Problem(path, error.code, str(error))
    sizes = (pixels.shape[1], pixels.shape[0]), (reference.shape[1], reference.shape[0])
    return size_problem(partners, sizes) or Loaded(partners, pixels, reference)
