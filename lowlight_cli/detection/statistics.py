"""Statistics of a labelled dataset: classes, sizes and positions of boxes in each split."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lowlight_cli.detection.export import LabelledImage, splits_of

PLACE_CELLS = 16
"""Cells along each side of the position map."""

SIZE_BORDERS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7)
"""Bin edges of box sizes: square root of the share of the image that a box covers."""


@dataclass(frozen=True, slots=True)
class SplitStatistics:
    """Statistics of one split; the names are keys of the report.

    Attributes:
        pictures: Number of images.
        empty_pictures: Number of images without boxes.
        boxes: Number of boxes.
        classes: Number of boxes of each class that has any, by name.
        pictures_with: Number of images with each class, by name.
        sizes: Number of boxes in each size bin, small to large; see ``SIZE_BORDERS``.
        places: Share of the boxes that cover each cell of the image, row by row.
    """

    pictures: int
    empty_pictures: int
    boxes: int
    classes: dict[str, int]
    pictures_with: dict[str, int]
    sizes: tuple[int, ...]
    places: tuple[tuple[float, ...], ...]


def statistics(images: Sequence[LabelledImage], classes: Sequence[str]) -> dict[str, SplitStatistics]:
    """Statistics of each split that has images.

    Args:
        images: All images.
        classes: Names by index.
    """
    return {
        split: _of_split([each for each in images if each.split == split], classes)
        for split in splits_of(images)
    }


def _of_split(images: Sequence[LabelledImage], classes: Sequence[str]) -> SplitStatistics:
    labels = Counter(box.label for each in images for box in each.boxes)
    shown = Counter(label for each in images for label in {box.label for box in each.boxes})
    return SplitStatistics(
        pictures=len(images),
        empty_pictures=sum(not each.boxes for each in images),
        boxes=labels.total(),
        classes={name: labels[index] for index, name in enumerate(classes) if labels[index]},
        pictures_with={name: shown[index] for index, name in enumerate(classes) if shown[index]},
        sizes=_sizes(images),
        places=_places(images),
    )


def _sizes(images: Sequence[LabelledImage]) -> tuple[int, ...]:
    counts = [0] * (len(SIZE_BORDERS) + 1)
    for each in images:
        width, height = each.size
        for box in each.boxes:
            side = math.sqrt(box.width * box.height / (width * height))
            counts[sum(side >= border for border in SIZE_BORDERS)] += 1
    return tuple(counts)


def _places(images: Sequence[LabelledImage]) -> tuple[tuple[float, ...], ...]:
    cells = [[0] * PLACE_CELLS for _ in range(PLACE_CELLS)]
    total = 0
    for each in images:
        width, height = each.size
        for box in each.boxes:
            total += 1
            for row in _covered(box.top / height, box.bottom / height):
                for column in _covered(box.left / width, box.right / width):
                    cells[row][column] += 1
    return tuple(tuple(round(count / max(total, 1), 6) for count in row) for row in cells)


def _covered(start: float, stop: float) -> range:
    """Cells that an interval within [0, 1] touches."""
    first = min(int(start * PLACE_CELLS), PLACE_CELLS - 1)
    return range(first, max(first + 1, min(math.ceil(stop * PLACE_CELLS), PLACE_CELLS)))
