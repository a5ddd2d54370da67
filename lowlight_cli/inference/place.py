"""Where the tiles of a picture lie, for models that treat each part of it by the light around."""

import torch

from lowlight_cli.images.tiling import Tile
from lowlight_cli.models.interface import PLACE, Observation


def placed(facts: Observation, tile: Tile, height: int, width: int) -> Observation:
    """Facts of a whole picture, and where a part of it lies in what they were measured on.

    Args:
        facts: Those of the whole. Where they hold a place already, it is that of the picture in something
            larger, such as the picture with its padding.
        tile: The part, in pixels; it may reach beyond the picture.
        height: Of the whole picture in pixels.
        width: Of the whole picture in pixels.
    """
    if not facts:
        return facts
    shares = (tile.top / height, tile.left / width, tile.height / height, tile.width / width)
    if PLACE in facts:
        top, left, down, across = facts[PLACE].unbind(1)
    else:
        # Plain numbers: copying them to a GPU would make the program wait for it.
        one = next(iter(facts.values())).new_ones(1, dtype=torch.float32)
        top, left, down, across = 0 * one, 0 * one, one, one
    place = (top + shares[0] * down, left + shares[1] * across, shares[2] * down, shares[3] * across)
    return facts | {PLACE: torch.stack(place, dim=1)}
