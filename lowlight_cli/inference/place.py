"""Where the tiles of a picture lie, for models that treat each part of it by the light around."""

import torch

from lowlight_cli.images.tiling import Tile
from lowlight_cli.models.interface import PLACE, Observation


def placed(facts: Observation, tile: Tile, height: int, width: int) -> Observation:
    """Facts of a whole picture, and where a part of it lies.

    Args:
        facts: Those of the whole; without any there is nothing to add to.
        tile: The part, in pixels.
        height: Of the whole picture, padding included, as the facts were measured on it.
        width: Of the same.
    """
    if not facts:
        return facts
    shares = (tile.top / height, tile.left / width, tile.height / height, tile.width / width)
    # Plain numbers: copying a tensor of them to a GPU would make the program wait for it.
    like = next(iter(facts.values()))
    place = [like.new_full((1,), share, dtype=torch.float32) for share in shares]
    return facts | {PLACE: torch.stack(place, dim=1)}
