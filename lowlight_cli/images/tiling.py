"""Divides a large image into overlapping tiles and blends the results without visible seams."""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from lowlight_cli.images.padding import pad_to, padded_side
from lowlight_cli.images.picture import Pixels
from lowlight_cli.images.pixels import to_images
from lowlight_cli.tensors import Images


class Tile(NamedTuple):
    """A part of an image: its first row and column, and its size in pixels."""

    top: int
    left: int
    height: int
    width: int


class Spans(NamedTuple):
    """Overlapping pieces of one axis: the start of each, and their common length."""

    starts: tuple[int, ...]
    length: int


def cut_axis(size: int, *, side: int, overlap: int, multiple: int = 1) -> Spans:
    """Covers an axis with as few pieces as possible, of equal length.

    Args:
        size: Pixels to cover; the last piece may extend to the next multiple.
        side: Longest piece, a multiple of ``multiple``.
        overlap: Least number of pixels that neighbors share.
        multiple: Starts and lengths are multiples of it.

    Raises:
        ValueError: ``overlap`` is not below ``side``, or ``side`` is not a multiple.
    """
    size, overlap = padded_side(size, multiple), padded_side(overlap, multiple)
    if overlap >= side or side % multiple:
        raise ValueError(f"side {side} must be a multiple of {multiple} above the overlap {overlap}")
    count = max(1, math.ceil((size - overlap) / (side - overlap)))
    length = padded_side(math.ceil((size + (count - 1) * overlap) / count), multiple)
    return Spans(tuple(min(i * (length - overlap), size - length) for i in range(count)), length)


def tile_of(pixels: Pixels, tile: Tile, frame: int = 0, device: torch.device | None = None) -> Images:
    """A tile of an image as a batch of one in [0, 1]; what lies outside the image is mirrored.

    Args:
        pixels: The image.
        tile: The tile, in pixels of the image with its frame.
        frame: Pixels added on each side of the image.
        device: Device of the batch.
    """
    top, left = tile.top - frame, tile.left - frame
    part = pixels[max(top, 0) : top + tile.height, max(left, 0) : left + tile.width]
    images = to_images([part], device)
    return pad_to(images, tile.height, tile.width, top=max(-top, 0), left=max(-left, 0))


def blend_strips(
    height: int,
    width: int,
    render: Callable[[Tile], Images],
    *,
    side: int,
    overlap: int,
    multiple: int = 1,
    frame: int = 0,
    device: torch.device | None = None,
) -> Iterator[Images]:
    """Rows of an image, rendered in tiles that fade into each other along a cosine, from top to bottom.

    Only one row of tiles is in memory: each strip is overwritten when the next one is requested.
    Networks lack the surroundings of a tile, which spoils mostly the pixels nearest to its border. So a
    quarter of the overlap at the border of each tile is not used, and tiles fade over the middle half.

    Args:
        height: Rows of the image.
        width: Columns of the image.
        render: Returns the pixels of a tile of the image with its frame, a batch of one; tiles may extend
            beyond the frame by less than ``multiple``.
        side: Longest side of a tile, a multiple of ``multiple``.
        overlap: Least number of pixels that neighboring tiles share.
        multiple: Starts and lengths of tiles are multiples of it.
        frame: Pixels around the image that are rendered, too, and dropped; less than a tile.
        device: Where tiles are blended; the CPU by default.

    Yields:
        Float32 batches of one, (1, 3, rows, width), on that device.
    """
    rows = cut_axis(height + 2 * frame, side=side, overlap=overlap, multiple=multiple)
    columns = cut_axis(width + 2 * frame, side=side, overlap=overlap, multiple=multiple)
    fades = [each.to(device) for each in _fades(columns, overlap)]
    canvas = torch.zeros(1, 3, rows.length, padded_side(width, multiple, frame), device=device)
    ends = (*rows.starts[1:], frame + height)
    for top, end, row_weights in zip(rows.starts, ends, _fades(rows, overlap), strict=True):
        down = row_weights[:, None].to(device)
        for left, across in zip(columns.starts, fades, strict=True):
            rendered = render(Tile(top, left, rows.length, columns.length)).float().to(canvas.device)
            canvas[..., left : left + columns.length] += rendered * down * across
        done = end - top
        yield canvas[:, :, max(frame - top, 0) : done, frame : frame + width]
        shared = canvas[:, :, done:].clone()  # rows that the next tiles add to
        canvas[:, :, : shared.shape[2]] = shared
        canvas[:, :, shared.shape[2] :] = 0


def _fades(spans: Spans, overlap: int) -> list[Tensor]:
    """Weights of each piece along its axis, shape (length,); at every position they sum to 1."""
    total = torch.zeros(spans.starts[-1] + spans.length, dtype=torch.float64)
    ramps = []
    for start in spans.starts:
        ramp = torch.ones(spans.length, dtype=torch.float64)
        unused = torch.zeros(overlap // 4, dtype=torch.float64)
        angles = torch.linspace(0, math.pi / 2, overlap - 2 * len(unused) + 2, dtype=torch.float64)[1:-1]
        rise = torch.cat([unused, torch.sin(angles) ** 2])
        if start > 0:
            ramp[: len(rise)] *= rise
        if start + spans.length < len(total):
            ramp[spans.length - len(rise) :] *= rise.flip(0)
        ramps.append(ramp)
        total[start : start + spans.length] += ramp
    return [
        (ramp / total[start : start + spans.length]).float()
        for start, ramp in zip(spans.starts, ramps, strict=True)
    ]
