"""Observations of images: what is observed, how it is shared by a batch, and placed for tiles.

A file of its own, because a runner is about memory and devices, and tests of models place tiles, too.
"""

from collections.abc import Sequence

import torch

from lowlight_cli.images.picture import Pixels
from lowlight_cli.images.pixels import shrink
from lowlight_cli.images.tiling import Tile
from lowlight_cli.models.interface import PLACE, Observation
from lowlight_cli.tensors import Images

_OBSERVED_FRAMES = 8


def sample_frames(frames: Sequence[Pixels]) -> list[Pixels]:
    """At most ``_OBSERVED_FRAMES`` frames, evenly spaced over an animation."""
    count = min(len(frames), _OBSERVED_FRAMES)
    return [frames[(2 * i + 1) * len(frames) // (2 * count)] for i in range(count)]


def mean_copy(pictures: Sequence[Pixels], max_pixels: int, multiple: int, frame: int) -> Images:
    """The image to observe: one image, or the mean of frames of one size, made smaller by ``shrink``."""
    return torch.stack([shrink(each, max_pixels, multiple, frame) for each in pictures]).mean(0)


def repeated(observation: Observation, count: int) -> Observation:
    """One observation for each of ``count`` images."""
    return {name: value.expand(count, *value.shape[1:]) for name, value in observation.items()}


def placed(observation: Observation, tile: Tile, height: int, width: int) -> Observation:
    """Observation of a whole image, with the position of a tile added.

    Args:
        observation: Observation of the whole image; an empty one is returned unchanged.
        tile: The tile, in pixels.
        height: Height of the whole image in pixels, padding included, as it was observed.
        width: Width of the whole image in pixels, padding included.
    """
    if not observation:
        return observation
    shares = (tile.top / height, tile.left / width, tile.height / height, tile.width / width)
    # new_full with plain numbers: copying a tensor to a GPU would wait for the GPU.
    like = next(iter(observation.values()))
    place = [like.new_full((1,), share, dtype=torch.float32) for share in shares]
    return observation | {PLACE: torch.stack(place, dim=1)}
