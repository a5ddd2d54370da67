"""What a labelled data set holds: classes, sizes and places of boxes, for each split."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lowlight_cli.detection.export import Labelled, splits_of

PLACE_CELLS = 16
"""Cells along each side of the map of places."""

SIZE_BORDERS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7)
"""Square roots of a box's share of the picture, between the classes of size."""


@dataclass(frozen=True, slots=True)
class SplitStatistics:
    """One split in numbers.

    Attributes:
        pictures: Number of pictures.
        empty_pictures: Those without a box.
        boxes: Number of boxes.
        classes: Boxes of each class, by name, classes without any left out.
        pictures_with: Pictures that show each class, by name.
        sizes: Boxes in each class of size, small to large; borders are ``SIZE_BORDERS``.
        places: Share of the boxes that cover each cell of the picture, row by row.
    """

    pictures: int
    empty_pictures: int
    boxes: int
    classes: dict[str, int]
    pictures_with: dict[str, int]
    sizes: tuple[int, ...]
    places: tuple[tuple[float, ...], ...]


def statistics(pictures: Sequence[Labelled], classes: Sequence[str]) -> dict[str, SplitStatistics]:
    """Numbers of each split that holds pictures.

    Args:
        pictures: The data set.
        classes: Names by index.
    """
    return {
        split: _of_split([each for each in pictures if each.split == split], classes)
        for split in splits_of(pictures)
    }


def _of_split(pictures: Sequence[Labelled], classes: Sequence[str]) -> SplitStatistics:
    labels = Counter(box.label for each in pictures for box in each.boxes)
    shown = Counter(label for each in pictures for label in {box.label for box in each.boxes})
    return SplitStatistics(
        pictures=len(pictures),
        empty_pictures=sum(not each.boxes for each in pictures),
        boxes=labels.total(),
        classes={name: labels[index] for index, name in enumerate(classes) if labels[index]},
        pictures_with={name: shown[index] for index, name in enumerate(classes) if shown[index]},
        sizes=_sizes(pictures),
        places=_places(pictures),
    )


def _sizes(pictures: Sequence[Labelled]) -> tuple[int, ...]:
    counts = [0] * (len(SIZE_BORDERS) + 1)
    for each in pictures:
        width, height = each.size
        for box in each.boxes:
            side = math.sqrt(box.width * box.height / (width * height))
            counts[sum(side >= border for border in SIZE_BORDERS)] += 1
    return tuple(counts)


def _places(pictures: Sequence[Labelled]) -> tuple[tuple[float, ...], ...]:
    cells = [[0] * PLACE_CELLS for _ in range(PLACE_CELLS)]
    total = 0
    for each in pictures:
        width, height = each.size
        for box in each.boxes:
            total += 1
            for row in _covered(box.top / height, box.bottom / height):
                for column in _covered(box.left / width, box.right / width):
                    cells[row][column] += 1
    return tuple(tuple(round(count / max(total, 1), 6) for count in row) for row in cells)


def _covered(start: float, stop: float) -> range:
    """Cells that a span from 0 to 1 touches."""
    first = min(int(start * PLACE_CELLS), PLACE_CELLS - 1)
    return range(first, max(first + 1, min(math.ceil(stop * PLACE_CELLS), PLACE_CELLS)))
