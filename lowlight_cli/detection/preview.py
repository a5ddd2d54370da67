"""Preview sheets: images with their boxes, to check labels by eye."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from lowlight_cli.detection.boxes import Box
from lowlight_cli.images.depth import in_depth
from lowlight_cli.images.picture import Samples

CELL = (480, 360)
"""Width and height of a cell of a sheet, in pixels."""

_GAP = 8
_BACKGROUND = (24, 24, 27)
# Okabe and Ito's colors without black, which color-blind readers can distinguish.
_COLORS = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
    (255, 255, 255),
)


def sheet(tiles: Sequence[Samples], columns: int = 4) -> Samples:
    """Puts images of the size ``CELL`` on one sheet, row by row.

    Args:
        tiles: At least one image, uint8 RGB.
        columns: Most images in a row.
    """
    columns = min(columns, len(tiles))
    width, height = CELL
    rows = math.ceil(len(tiles) / columns)
    page = np.full((rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3), _BACKGROUND, np.uint8)
    for index, tile in enumerate(tiles):
        top = _GAP + index // columns * (height + _GAP)
        left = _GAP + index % columns * (width + _GAP)
        page[top : top + height, left : left + width] = tile
    return page


def draw_boxes(pixels: Samples, boxes: Sequence[Box], classes: Sequence[str]) -> Samples:
    """An image scaled into ``CELL``, with its boxes and their classes.

    Args:
        pixels: Upright image, uint8 or uint16 RGB.
        boxes: Boxes in pixels of the image.
        classes: Names by index.
    """
    height, width = pixels.shape[:2]
    scale = min(CELL[0] / width, CELL[1] / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(in_depth(pixels, np.uint8), size, interpolation=cv2.INTER_AREA)
    tile = np.full((CELL[1], CELL[0], 3), _BACKGROUND, np.uint8)
    left, top = (CELL[0] - size[0]) // 2, (CELL[1] - size[1]) // 2
    tile[top : top + size[1], left : left + size[0]] = small
    for box in boxes:
        corner = (round(left + box.left * scale), round(top + box.top * scale))
        opposite = (round(left + box.right * scale) - 1, round(top + box.bottom * scale) - 1)
        _draw_box(tile, corner, opposite, classes[box.label], _COLORS[box.label % len(_COLORS)])
    return tile


def _draw_box(
    tile: Samples,
    corner: tuple[int, int],
    opposite: tuple[int, int],
    name: str,
    color: tuple[int, int, int],
) -> None:
    # A black outline keeps the colored line visible on any image.
    cv2.rectangle(tile, corner, opposite, (0, 0, 0), 4)
    cv2.rectangle(tile, corner, opposite, color, 2)
    text = name.encode("ascii", "replace").decode()
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.42, 1)
    x, y = corner[0], max(corner[1], height + 5)
    cv2.rectangle(tile, (x, y - height - 5), (x + width + 4, y), color, cv2.FILLED)
    cv2.putText(tile, text, (x + 2, y - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
