"""The picture around a crop, as a small copy: what a model observes of the whole while it sees the crop."""

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from lowlight_cli.datasets.nights import SMALL, small_copy
from lowlight_cli.tensors import Images, Places
from lowlight_cli.training.pool import random_below

WHOLE_SHARE = 0.4
"""Part of the photos that are shown whole; of the others, 55 to 100 % of each side."""
LEAST_SIDE = 0.55
ROWS, COLUMNS = 4 * SMALL, 8 * SMALL
"""Of larger pictures, so many rows and at least so many columns are looked at for a small copy."""
ASIDE = 0x5DEECE66D
"""Sets a second source of chance apart from that of an item."""


class Cut(NamedTuple):
    """Where a crop was cut: a square of a picture, uint8 (c, h, w), shrunk to ``side``, perhaps mirrored."""

    pixels: Tensor
    top: int
    left: int
    span: int
    side: int
    mirrored: bool


class Scene(NamedTuple):
    """A small copy of the picture around a crop, the place of the crop in it, and pixels of a cell.

    Pixels are those of the picture shrunk as the crop is, (1, 1, 1, 1).
    """

    small: Images
    place: Places
    pixels: Tensor


def second_generator(item: Generator) -> Generator:
    """A source of chance of its own for an item, so that what is drawn from it moves nothing else."""
    return torch.Generator().manual_seed(item.initial_seed() ^ ASIDE)


def whole_scene(cut: Cut) -> Scene:
    """All of the picture that a crop is from."""
    return _scene(cut, 0, 0, *cut.pixels.shape[1:])


def random_scene(cut: Cut, generator: Generator) -> Scene:
    """A random part of the picture that a crop is from, 55 % of each side or more; it holds the crop."""
    height, width = cut.pixels.shape[1:]
    whole, tall, wide = torch.rand(3, generator=generator).tolist()
    if whole < WHOLE_SHARE:
        return whole_scene(cut)
    top, rows = _stretch(height, cut.top, cut.span, tall, generator)
    left, columns = _stretch(width, cut.left, cut.span, wide, generator)
    return _scene(cut, top, left, rows, columns)


def _stretch(length: int, start: int, span: int, number: float, generator: Generator) -> tuple[int, int]:
    """Start and length of a random part that holds ``span`` from ``start`` on."""
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
