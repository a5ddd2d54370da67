"""Parts of images of any size, shrunk to one size in one go on a device: sums over a few taps each way.

No matrix products, so that no precision switch counts, and no loop over images.
"""

from typing import NamedTuple

import torch
from torch import Tensor

TRIANGLE_TAPS = 5
"""Pixels that a triangle filter reads where an image is shrunk to half or less far."""
BOX_TAPS = 6
"""Pixels that a cell covers, some in part, where an image is shrunk to a quarter or less far."""


class Taps(NamedTuple):
    """For each pixel of a result, which pixels it is made of and how: (b, size, taps) each."""

    source: Tensor
    weight: Tensor


def triangle_taps(start: Tensor, span: Tensor, size: int, limit: Tensor) -> Taps:
    """Those of ``interpolate(mode="bilinear", antialias=True)``.

    Args:
        start: Where each part begins, (b,).
        span: Its length, from ``size`` to twice that, (b,).
        size: Length of the result.
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
    """Those of a mean over cells; pixels on the border of a cell count by the part inside.

    Args:
        start: Where each part begins, (b,).
        span: Its length, up to four times ``size``, (b,).
        size: Length of the result.
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
    """Images (c, h, w) in one flat tensor: where each begins, and its sides, (b,) each."""

    flat: Tensor
    base: Tensor
    height: Tensor
    width: Tensor


def resampled(storage: Storage, channels: int, rows: Taps, columns: Taps, window: int) -> Tensor:
    """Weighted sums of pixels, (b, channels, rows, columns), in the numbers of the storage.

    Args:
        storage: The images.
        channels: Of each image.
        rows: What each row of the result is made of.
        columns: What each column is made of.
        window: Rows of an image that are read at most.
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
