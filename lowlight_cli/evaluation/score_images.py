"""Reads images, makes and times their results, and scores them; one that fails becomes a problem."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import torch

from lowlight_cli.datasets.check import size_problem
from lowlight_cli.datasets.matching import Partners, Problem
from lowlight_cli.errors import ImageError, LowlightError
from lowlight_cli.evaluation.result import ScoredImage
from lowlight_cli.evaluation.score import Scorer, Scores
from lowlight_cli.evaluation.stopwatch import Stopwatch
from lowlight_cli.images.decode import decode
from lowlight_cli.images.picture import Pixels
from lowlight_cli.images.pixels import to_images
from lowlight_cli.pipeline.frames import image_error_of

Enhance = Callable[[Sequence[Pixels]], Sequence[Pixels | ImageError]]
"""Images of one size -> their results of the same size, or why there is none."""

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

_READERS = 2
_WAITING = 4
"""Full batches that may wait for images of their size."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """An image and its reference in memory."""

    partners: Partners
    pixels: Pixels
    reference: Pixels | None

    @property
    def kind(self) -> tuple[object, ...]:
        """Shape and depth; equal for images that can be in one batch."""
        depth = None if self.reference is None else self.reference.dtype
        return (*self.pixels.shape, self.pixels.dtype, depth)


class ImageEvents:
    """Hears what happens to each image and does nothing; override the events of interest."""

    def made(self, item: Loaded, result: Pixels) -> None:
        """A result was made and is about to be scored; an ``ImageError`` raised here refuses it."""

    def scored(self, image: ScoredImage) -> None:
        """An image was scored."""

    def failed(self, problem: Problem, cause: ImageError | None) -> None:
        """An image could not be read, enhanced or scored.

        Args:
            problem: Which image, and why.
            cause: What was raised; None if the image has another size than its reference.
        """


Refuse = Callable[[Problem, ImageError | None], None]


def score_images(
    partners: Sequence[Partners],
    enhance: Enhance | None,
    scorer: Scorer,
    stopwatch: Stopwatch,
    *,
    batch_size: int = 1,
    events: ImageEvents | None = None,
) -> tuple[list[ScoredImage], list[Problem]]:
    """Scores images, each independently of the others; nothing is resized, and one that fails is a problem.

    Args:
        partners: Images, and what each is compared with.
        enhance: Makes results of dark images; None scores the images as they are.
        scorer: Metrics and protocol.
        stopwatch: Times ``enhance``.
        batch_size: Largest number of images per pass; they have one size.
        events: Hears what happens to each image.

    Returns:
        Scores in the order of ``partners``, and what is wrong with the other images.

    Raises:
        DeviceLostError: The device can no longer be used.
    """
    events = events or ImageEvents()
    scored: dict[str, ScoredImage] = {}
    problems: list[Problem] = []

    def refuse(problem: Problem, cause: ImageError | None) -> None:
        problems.append(problem)
        events.failed(problem, cause)

    for batch in _batches(_readable(partners, refuse), batch_size):
        made = _made(batch, enhance, stopwatch, events, refuse)
        for image in _scored(made, scorer, stopwatch.device, refuse) if made else ():
            scored[image.name] = image
            events.scored(image)
    return [scored[each.name] for each in partners if each.name in scored], problems


def _made(
    batch: list[Loaded], enhance: Enhance | None, stopwatch: Stopwatch, events: ImageEvents, refuse: Refuse
) -> list[tuple[Loaded, Pixels]]:
    """The images of a batch that have a result, each with it."""
    pixels: Sequence[Pixels] = [item.pixels for item in batch]
    results: Sequence[Pixels | ImageError] = pixels
    if enhance is not None:
        results = _isolated(lambda images: stopwatch.time(enhance, images), pixels, stopwatch.device)
    made: list[tuple[Loaded, Pixels]] = []
    for item, result in zip(batch, results, strict=True):
        try:
            if isinstance(result, ImageError):
                raise result
            events.made(item, result)
        except ImageError as error:
            refuse(Problem(item.partners.picture, error.code, str(error)), error)
        else:
            made.append((item, result))
    return made


def _scored(
    made: Sequence[tuple[Loaded, Pixels]], scorer: Scorer, device: torch.device, refuse: Refuse
) -> Iterator[ScoredImage]:
    """Scores of a batch of results."""

    def score(some: Sequence[tuple[Loaded, Pixels]]) -> Sequence[Scores | ImageError]:
        images = to_images([result for _, result in some])
        references = [item.reference for item, _ in some if item.reference is not None]
        with torch.inference_mode():
            return scorer.score(images, to_images(references) if references else None)

    for (item, result), scores in zip(made, _isolated(score, made, device), strict=True):
        partners = item.partners
        if isinstance(scores, ImageError):
            refuse(Problem(partners.picture, scores.code, str(scores)), scores)
            continue
        height, width = result.shape[:2]
        yield ScoredImage(
            partners.name, partners.picture, partners.reference, width, height, scores.values, scores.reasons
        )


def _isolated(
    work: Callable[[Sequence[Item]], Sequence[Outcome | ImageError]],
    items: Sequence[Item],
    device: torch.device,
) -> Sequence[Outcome | ImageError]:
    """Outcomes of a batch; if it raises, each item is done alone, and one that raises again is an error.

    Raises:
        LowlightError: The error does not concern a single image.
    """
    try:
        return work(items)
    except Exception as error:
        if isinstance(error, LowlightError) and not isinstance(error, ImageError):
            raise
        failure = error if isinstance(error, ImageError) else image_error_of(error, device)
        if len(items) == 1:
            return [failure]
    return [_isolated(work, [item], device)[0] for item in items]


def _batches(items: Iterable[Loaded], batch_size: int) -> Iterator[list[Loaded]]:
    """Groups of one kind; a group that is not full is given out when ``_WAITING`` batches wait."""
    waiting: dict[tuple[object, ...], list[Loaded]] = {}
    for item in items:
        group = waiting.setdefault(item.kind, [])
        group.append(item)
        if len(group) >= batch_size:
            yield waiting.pop(item.kind)
        while sum(map(len, waiting.values())) > _WAITING * batch_size:
            yield waiting.pop(next(iter(waiting)))
    yield from waiting.values()


def _readable(partners: Sequence[Partners], refuse: Refuse) -> Iterator[Loaded]:
    """Images that can be read and have the size of their reference; files are read some way ahead."""
    with ThreadPoolExecutor(_READERS) as pool:
        queue: deque[Future[Loaded | tuple[Problem, ImageError | None]]] = deque()
        rest = iter(partners)
        try:
            while True:
                queue += [pool.submit(_load, each) for each in islice(rest, 2 * _READERS - len(queue))]
                if not queue:
                    return
                item = queue.popleft().result()
                if isinstance(item, Loaded):
                    yield item
                else:
                    refuse(*item)
        finally:
            pool.shutdown(cancel_futures=True)


def _load(partners: Partners) -> Loaded | tuple[Problem, ImageError | None]:
    path = partners.picture
    try:
        pixels = decode(path).pixels
        if partners.reference is None:
            return Loaded(partners, pixels, None)
        path = partners.reference
        reference = decode(path).pixels
    except ImageError as error:
        return Problem(path, error.code, str(error)), error
    sizes = (pixels.shape[1], pixels.shape[0]), (reference.shape[1], reference.shape[0])
    problem = size_problem(partners, sizes)
    return Loaded(partners, pixels, reference) if problem is None else (problem, None)
