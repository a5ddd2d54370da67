"""Keeps decoded images on a device, and makes random crops and small copies of them there."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import avg_pool2d

from lowlight_cli.datasets.light_fields import Numbers
from lowlight_cli.datasets.nights import SMALL
from lowlight_cli.tensors import Places
from lowlight_cli.training.pool import Item, Pool
from lowlight_cli.training.resampling import Storage, box_taps, resampled, triangle_taps
from lowlight_cli.training.scenes import LEAST_SIDE, WHOLE_SHARE

WIDEST_CELL = 4
"""Largest side in pixels of a cell of a small copy, at the level of halving that it is made from."""

Each = Int[Tensor, " _b"]


class Squares(NamedTuple):
    """Squares of images: index of the image, place, side, and whether it is mirrored, (b,) each."""

    image: Each
    top: Each
    left: Each
    span: Each
    mirrored: Tensor


class Parts(NamedTuple):
    """Rectangles of images, (b,) each."""

    top: Each
    left: Each
    height: Each
    width: Each


class DeviceImages:
    """Images, uint8 (c, h, w), in one tensor on a device, with copies that are halved repeatedly.

    Args:
        images: At least one, all with the same number of channels.
        device: Target device.
        side: Side of the crops in pixels.
    """

    def __init__(self, images: Sequence[Tensor], device: torch.device, side: int) -> None:
        self.channels = len(images[0])
        longest = max(max(image.shape[1:]) for image in images)
        shortest = min(min(image.shape[1:]) for image in images)
        levels = 1
        while longest >> (levels - 1) > WIDEST_CELL * SMALL and shortest >> levels > 0:
            levels += 1
        flats: list[Tensor] = []
        facts: list[tuple[int, int, int]] = []
        base = 0
        for level in range(levels):
            for image in images:
                halved = _halved(image.to(device), level)
                flats.append(halved.flatten())
                facts.append((base, *halved.shape[1:]))
                base += halved.numel()
        self._side = side
        self._flat = torch.cat(flats)
        self._levels = levels
        self._facts = torch.tensor(facts).view(levels, len(images), 3).to(device)

    def size(self, image: Each) -> tuple[Each, Each]:
        """Height and width of images."""
        _, height, width = self._facts[0][image].unbind(1)
        return height, width

    def whole(self, image: Each) -> Parts:
        """Whole images as parts."""
        height, width = self.size(image)
        return Parts(torch.zeros_like(height), torch.zeros_like(width), height, width)

    def crops(self, squares: Squares) -> Float[Tensor, "_b _c _h _w"]:
        """Squares resized to ``side`` x ``side``, in [0, 1]."""
        # At the level from which less than another halving remains.
        level = self._level(squares.span, 2 * self._side - 1)
        storage, factor = self._at(squares.image, level)
        span, side = squares.span / factor, self._side
        rows = triangle_taps(squares.top / factor, span, side, storage.height)
        columns = triangle_taps(squares.left / factor, span, side, storage.width)
        images = resampled(storage, self.channels, rows, columns, 2 * side + 4) / 255
        return mirrored(images, squares.mirrored).clamp(0, 1)

    def small(self, image: Each, parts: Parts) -> Float[Tensor, "_b _c _n _n"]:
        """Parts of images as means over 64x64 cells, in [0, 1]."""
        widest = WIDEST_CELL * SMALL
        level = self._level(torch.maximum(parts.height, parts.width), widest)
        storage, factor = self._at(image, level)
        top, left, height, width = (each / factor for each in parts)
        rows = box_taps(top, height, SMALL, storage.height)
        columns = box_taps(left, width, SMALL, storage.width)
        return resampled(storage, self.channels, rows, columns, widest + 2) / 255

    def _level(self, length: Each, most: int) -> Each:
        """Number of halvings until a length is at most ``most``."""
        level = torch.zeros_like(length)
        for step in range(self._levels - 1):
            level = level + (length > most << step)
        return level

    def _at(self, image: Each, level: Each) -> tuple[Storage, Tensor]:
        base, height, width = self._facts[level, image].unbind(1)
        return Storage(self._flat, base, height, width), 2.0**level


def draw_squares(
    images: DeviceImages, image: Each, side: int, numbers: Numbers, *, plain: float, power: float
) -> Squares:
    """Draws a square of each image, with the distribution of the loader on the CPU.

    Args:
        images: The images.
        image: Index of the image of each square.
        side: Side of the smallest squares.
        numbers: Random numbers, of which it takes 5.
        plain: Share of the smallest squares.
        power: Exponent of the random number that sizes the others.
    """
    height, width = images.size(image)
    uniform, size, flip, down, across = numbers.take(5).unbind(1)
    most = torch.minimum(height, width)
    span = torch.where(uniform < plain, side, (side + (most - side) * size**power).round().long())
    return Squares(image, _below(height - span + 1, down), _below(width - span + 1, across), span, flip < 0.5)


def draw_parts(images: DeviceImages, squares: Squares, numbers: Numbers) -> Parts:
    """Draws a part around each square, as ``random_scene`` does; takes 5 random numbers."""
    height, width = images.size(squares.image)
    whole, tall, wide, down, across = numbers.take(5).unbind(1)
    top, rows = _stretch(height, squares.top, squares.span, tall, down)
    left, columns = _stretch(width, squares.left, squares.span, wide, across)
    all_of_it = whole < WHOLE_SHARE
    return Parts(
        torch.where(all_of_it, 0, top),
        torch.where(all_of_it, 0, left),
        torch.where(all_of_it, height, rows),
        torch.where(all_of_it, width, columns),
    )


def place_in(squares: Squares, parts: Parts) -> Places:
    """Places of squares in their parts, which are mirrored with them."""
    left = (squares.left - parts.left) / parts.width
    width = squares.span / parts.width
    return torch.stack(
        [
            (squares.top - parts.top) / parts.height,
            torch.where(squares.mirrored, 1 - left - width, left),
            squares.span / parts.height,
            width,
        ],
        1,
    )


def mirrored(images: Tensor, chosen: Tensor) -> Tensor:
    """A batch (b, c, h, w) whose ``chosen`` items are mirrored."""
    return torch.where(chosen[:, None, None, None], images.flip(3), images)


def drawn_from(pool: Sequence[Item], device: torch.device) -> Tensor:
    """Cumulative probabilities of the items of a pool, float64 on a device."""
    weights = pool.weights() if isinstance(pool, Pool) else [1.0] * len(pool)
    sums = torch.tensor(weights, dtype=torch.float64).cumsum(0)
    return (sums / sums[-1]).to(device)


def draw_items(sums: Tensor, count: int, generator: torch.Generator) -> Each:
    """Draws indices of items by their cumulative probabilities."""
    numbers = torch.rand(count, generator=generator, device=sums.device, dtype=torch.float64)
    return torch.searchsorted(sums, numbers, right=True).clamp(max=len(sums) - 1)


def _halved(image: Tensor, times: int) -> Tensor:
    return image if not times else avg_pool2d(image.float(), 2**times).round().to(torch.uint8)


def _below(limit: Tensor, number: Tensor) -> Tensor:
    """Random integers in [0, limit), from numbers in [0, 1)."""
    return (number.double() * limit).long().minimum(limit - 1)


def _stretch(length: Each, start: Each, span: Each, number: Tensor, shift: Tensor) -> tuple[Each, Each]:
    part = torch.maximum(span, (length * (LEAST_SIDE + (1 - LEAST_SIDE) * number)).round().long())
    first = (start + span - part).clamp_min(0)
    last = torch.minimum(start, length - part)
    return first + _below(last - first + 1, shift), part
