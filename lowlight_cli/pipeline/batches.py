"""Groups images into batches of one padded shape.

Each side is padded to the next multiple of ``multiple``, never to the size of another image, so a result
does not depend on the rest of the batch.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lowlight_cli.images.padding import padded_side
from lowlight_cli.images.picture import Picture
from lowlight_cli.pipeline.file_stat import FileStat
from lowlight_cli.pipeline.plan import Job

_WAITING_BATCHES = 4
"""Incomplete batches may hold this many full batches of pixels; then the oldest is passed on."""


NO_FILE = FileStat(0, 0)
"""Stands for a file that cannot be found."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A decoded image and its job.

    Attributes:
        job: Input and output paths.
        picture: Pixels and metadata.
        seconds: Time spent reading it.
        stat: Size and modification time of the file when it was read.
        edge_width: Width of its edges as ``images.blur_metric`` measures it; None if it has no edges or was
            not measured.
    """

    job: Job
    picture: Picture
    seconds: float
    stat: FileStat = NO_FILE
    edge_width: float | None = None

    @property
    def area(self) -> int:
        """Number of pixels in all frames."""
        return self.picture.pixel_count


def batches(
    items: Iterable[Loaded], *, batch_size: int, batch_pixels: int, multiple: int, frame: int = 0
) -> Iterator[list[Loaded]]:
    """Groups images that have the same size and bit depth after padding, in input order.

    An image with several frames forms a batch alone.

    Args:
        items: Decoded images.
        batch_size: Maximum number of images in a batch.
        batch_pixels: Maximum number of pixels in a batch; a single larger image is still a batch.
        multiple: Sides are padded to multiples of this.
        frame: Pixels added on each side before.
    """
    waiting: dict[tuple[int, int, bool, bool], list[Loaded]] = {}
    waiting_pixels = 0
    for item in items:
        picture = item.picture
        height, width = (padded_side(side, multiple, frame) for side in (picture.height, picture.width))
        is_alone = len(picture.frames) > 1
        shape = (height, width, picture.pixels.dtype.itemsize > 1, is_alone)
        waiting.setdefault(shape, []).append(item)
        waiting_pixels += item.area
        del item, picture  # else these names keep the pixels in memory while the caller uses the batch
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


def _area(batch: list[Loaded]) -> int:
    return sum(item.area for item in batch)
