from pathlib import Path

import numpy as np
import pytest

from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.collection import Sample
from lowlight_cli.detection.export import LabelledImage
from lowlight_cli.detection.preview import CELL, draw_boxes, sheet
from lowlight_cli.detection.statistics import PLACE_CELLS, statistics


def labelled(name: str, *boxes: Box) -> LabelledImage:
    return LabelledImage(Sample(name, Path(name), boxes, split="val"), name, (160, 80), boxes)


def test_numbers_of_a_split():
    whole, corner = Box(1, 0.0, 0.0, 160.0, 80.0), Box(0, 0.0, 0.0, 10.0, 5.0)

    found = statistics([labelled("a", whole, corner), labelled("b")], ("cat", "dog", "cow"))["val"]

    assert (found.pictures, found.empty_pictures, found.boxes) == (2, 1, 2)
    assert found.classes == {"cat": 1, "dog": 1}
    assert sum(found.sizes) == 2
    assert found.sizes[-1] == 1  # one box covers its picture
    assert found.places[0][0] == 1.0  # both boxes cover the corner
    assert found.places[PLACE_CELLS - 1][PLACE_CELLS - 1] == 0.5


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_boxes_are_drawn_where_they_are(depth):
    pixels = np.zeros((720, 960, 3), depth)  # exactly twice the cell

    tile = draw_boxes(pixels, [Box(1, 200.0, 300.0, 600.0, 500.0)], ("cat", "dog"))

    sky_blue = (tile == (86, 180, 233)).all(-1)
    rows, columns = np.nonzero(sky_blue[150:])
    assert (columns.min(), columns.max()) == pytest.approx((100, 299), abs=1)
    assert 150 + rows.max() == pytest.approx(249, abs=1)


def test_a_sheet_holds_every_tile():
    tiles = [np.full((CELL[1], CELL[0], 3), shade, np.uint8) for shade in (50, 100, 150, 200, 250)]

    page = sheet(tiles)

    assert all((page == shade).all(-1).sum() == CELL[0] * CELL[1] for shade in (50, 100, 150, 200, 250))
