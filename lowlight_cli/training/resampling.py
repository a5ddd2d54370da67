"""Resizes parts of images of any size to one size on a device, by sums over a few taps each way.

There are no matrix products, whose rounding depends on precision switches, and no loops over images.
"""

from typing import NamedTuple

import torch
from torch import Tensor

TRIANGLE_TAPS = 5
"""Taps of a triangle filter that shrinks an image by 2 at most."""
BOX_TAPS = 6
"""Taps of a box filter that shrinks an image by 4 at most."""


class Taps(NamedTuple):
    """Source pixels and weights of each output pixel, (b, size, taps) each."""

    source: Tensor
    weight: Tensor


def triangle_taps(start: Tensor, span: Tensor, size: int, limit: Tensor) -> Taps:
    """Taps of ``interpolate(mode="bilinear", antialias=True)``.

    Args:
        start: Start of each part, (b,).
        span: Length of each part, from ``size`` to twice that, (b,).
        size: Length of the output.
        limit: Length of the whole image, (b,).
    """
    start, span, limit = (each.double()[:, None, None] for each in (start, span, limit))
    scale = span / size
    middle = start + scale * (torch.arange(size, device=start.device)[:, None] + 0.5)
    first = torch.maximum((middle - scale + 0.5).floor(), start.floor())
    last = torch.minimum((middle + scale + 0.5).floor(), torch.minimum((start + span).ceil(), limit))
    index = first + torch.arange(TRIANGLE_TAPS, device=start.device)
    weight = (1 - ((index + 0.5 - middle) / scale).abs()).clamp_min(0) * (index < last)
    return _taps(index, weight, limit)


def box_taps(start: Tensor, span: Tensor, size: int, limit: Tensor) -> Taps:
    """Taps of the mean over cells; a pixel on the border of a cell counts by its part inside.

    Args:
        start: Start of each part, (b,).
        span: Length of each part, up to four times ``size``, (b,).
        size: Length of the output.
        limit: Length of the whole image, (b,).
    """
    start, span, limit = (each.double()[:, None, None] for each in (start, span, limit))
    scale = span / size
    low = start + scale * torch.arange(size, device=start.device)[:, None]
    index = low.floor() + torch.arange(BOX_TAPS, device=start.device)
    weight = torch.minimum(low + scale, index + 1) - torch.maximum(low, index)
    return _taps(index, weight.clamp_min(0), limit)


def _taps(source: Tensor, weight: Tensor, limit: Tensor) -> Taps:
    weight = weight / weight.sum(-1, keepdim=True)
    return Taps(torch.minimum(source, limit - 1).long(), weight.float())


class Storage(NamedTuple):
    """Images (c, h, w) in one flat tensor, with the start and the sides of each, (b,) each."""

    flat: Tensor
    base: Tensor
    height: Tensor
    width: Tensor


def resampled(storage: Storage, channels: int, rows: Taps, columns: Taps, window: int) -> Tensor:
    """Weighted sums of pixels, (b, channels, rows, columns), in the range of the storage.

    Args:
        storage: The images.
        channels: Channels of each image.
        rows: Taps of the output rows.
        columns: Taps of the output columns.
        window: Largest number of rows of an image that are read.
    """
    device = storage.base.device
    top = rows.source[:, 0, 0]
    lines = (top[:, None] + torch.arange(window, device=device)).minimum(storage.height[:, None] - 1)
    lines = storage.base[:, None] + lines * storage.width[:, None]  # (b, window)
    planes = (storage.height * storage.width)[:, None] * torch.arange(channels, device=device)
    starts = (planes[:, :, None] + lines[:, None])[..., None]  # (b, c, window, 1)
    narrow = torch.zeros((), device=device)
    for index, weight in zip(columns.source.unbind(-1), columns.weight.unbind(-1), strict=True):
        narrow = narrow + storage.flat[starts + index[:, None, None]] * weight[:, None, None]
    shape = (len(top), channels, rows.source.shape[1], columns.source.shape[1])
    result = torch.zeros((), device=device)
    for index, weight in zip(rows.source.unbind(-1), rows.weight.unbind(-1), strict=True):
        place = (index - top[:, None]).clamp(0, window - 1)[:, None, :, None].expand(shape)
        result = result + narrow.gather(2, place) * weight[:, None, :, None]
    return result
