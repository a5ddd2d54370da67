"""Pictures -> batches of one padded shape.

A picture is padded to the next multiple of its own size and never to the size of a batch mate, so a result
does not depend on what else is enhanced.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from lowlight_cli.images.padding import padded_side
from lowlight_cli.images.picture import Picture
from lowlight_cli.pipeline.plan import Job

_WAITING_BATCHES = 4
"""Full batches' worth of pixels that may wait for mates of their shape."""


class FileStat(NamedTuple):
    """What changes when a file does: its size in bytes, and when it was written, in nanoseconds."""

    size: int
    mtime_ns: int


NO_FILE = FileStat(0, 0)
"""Of what is no file."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A picture in memory, and what it is for.

    Attributes:
        job: Where it comes from and goes to.
        picture: Pixels and metadata.
        seconds: Time it took to read.
        stat: Of the file when it was read.
        edge_width: How wide its edges are, as ``images.blur_metric`` measures; None where that says
            nothing or was not measured.
    """

    job: Job
    picture: Picture
    seconds: float
    stat: FileStat = NO_FILE
    edge_width: float | None = None

    @property
    def area(self) -> int:
        """Pixels of all frames."""
        return self.picture.pixel_count


def batches(
    items: Iterable[Loaded], *, batch_size: int, batch_pixels: int, multiple: int
) -> Iterator[list[Loaded]]:
    """Groups pictures that have the same size after padding, in the order in which they come.

    One of several frames is a batch of its own.

    Args:
        items: Decoded pictures.
        batch_size: Pictures in a batch at most.
        batch_pixels: Pixels in a batch at most, unless a single picture has more.
        multiple: Padded sides are multiples of it.
    """
    waiting: dict[tuple[int, int, bool, bool], list[Loaded]] = {}
    waiting_pixels = 0
    for item in items:
        picture = item.picture
        height, width = padded_side(picture.height, multiple), padded_side(picture.width, multiple)
        is_alone = len(picture.frames) > 1
        shape = (height, width, picture.pixels.dtype.itemsize > 1, is_alone)
        waiting.setdefault(shape, []).append(item)
        waiting_pixels += item.area
        del item, picture  # what is given away shall not stay in memory for being known here
        most = 1 if is_alone else min(batch_size, max(1, batch_pixels // (height * width)))
        if len(waiting[shape]) >= most:
            waiting_pixels -= _area(waiting[shape])
            yield waiting.pop(shape)
        while waiting_pixels > _WAITING_BATCHES * batch_pixels:
            oldest = next(iter(waiting))
            waiting_pixels -= _area(waiting[oldest])
            yield waiting.pop(oldest)
    while waiting:
        yield waiting.pop(next(iter(waiting)))


def _area(mates: list[Loaded]) -> int:
    return sum(mate.area for mate in mates)
