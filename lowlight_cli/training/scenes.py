"""Makes small copies of the image around a crop, which models observe beside the crop."""

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from lowlight_cli.datasets.nights import SMALL, small_copy
from lowlight_cli.tensors import Images, Places
from lowlight_cli.training.pool import random_below

WHOLE_SHARE = 0.4
"""Share of crops whose whole photo is observed; of the others, 55 to 100 % of each side."""
LEAST_SIDE = 0.55
ROWS, COLUMNS = 4 * SMALL, 8 * SMALL
"""Rows and least number of columns that a small copy of a larger image is made from."""
ASIDE = 0x5DEECE66D
"""Changes the seed of an item for its second generator."""


class Cut(NamedTuple):
    """Place of a crop: a square of an image, uint8 (c, h, w), resized to ``side``, perhaps mirrored."""

    pixels: Tensor
    top: int
    left: int
    span: int
    side: int
    mirrored: bool


class Scene(NamedTuple):
    """A small copy of the image around a crop, the place of the crop in it, and the pixels per cell.

    The pixels are those of the image at the scale of the crop, (1, 1, 1, 1).
    """

    small: Images
    place: Places
    pixels: Tensor


def second_generator(item: Generator) -> Generator:
    """A second generator for an item, so that drawing from it does not change other random numbers."""
    return torch.Generator().manual_seed(item.initial_seed() ^ ASIDE)


def whole_scene(cut: Cut) -> Scene:
    """The whole image of a crop."""
    return _scene(cut, 0, 0, *cut.pixels.shape[1:])


def random_scene(cut: Cut, generator: Generator) -> Scene:
    """A random part of the image of a crop, at least 55 % of each side, that contains the crop."""
    height, width = cut.pixels.shape[1:]
    whole, tall, wide = torch.rand(3, generator=generator).tolist()
    if whole < WHOLE_SHARE:
        return whole_scene(cut)
    top, rows = _stretch(height, cut.top, cut.span, tall, generator)
    left, columns = _stretch(width, cut.left, cut.span, wide, generator)
    return _scene(cut, top, left, rows, columns)


def _stretch(length: int, start: int, span: int, number: float, generator: Generator) -> tuple[int, int]:
    """Start and length of a random part that contains ``span`` pixels from ``start``."""
    part = max(span, round(length * (LEAST_SIDE + (1 - LEAST_SIDE) * number)))
    first, last = max(0, start + span - part), min(start, length - part)
    return first + random_below(last - first + 1, generator), part


def _scene(cut: Cut, top: int, left: int, height: int, width: int) -> Scene:
    small = _small(cut.pixels[:, top : top + height, left : left + width])
    place = [(cut.top - top) / height, (cut.left - left) / width, cut.span / height, cut.span / width]
    if cut.mirrored:
        small, place[1] = small.flip(3), 1 - place[1] - place[3]
    shrunk = cut.side / cut.span
    pixels = max(1.0, height * shrunk / SMALL) * max(1.0, width * shrunk / SMALL)
    return Scene(small, torch.tensor([place]), torch.full((1, 1, 1, 1), pixels))


def _small(pixels: Tensor) -> Images:
    channels, height, width = pixels.shape
    if height <= ROWS:
        return small_copy(pixels)
    rows = (2 * torch.arange(ROWS) + 1) * height // (2 * ROWS)
    some = pixels[..., :: max(1, width // COLUMNS)].index_select(1, rows).float()
    return small_copy(some.view(1, channels, SMALL, ROWS // SMALL, -1).mean(3) / 255)
