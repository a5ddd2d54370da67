"""Local lift: computes the gain of each part of an image, and blends the result of a network with the input.

An evenly dark image needs one gain. If a lamp, a window or the sky lights a part of it, a single gain blows
out that part and leaves the rest dark. So the gain follows an edge-aware, smooth lightness of the
surroundings (a guided filter whose guide is the image: He et al., "Guided Image Filtering", 2013, eq. 5-8).
An image that is well lit as a whole gets no gain. The gain is computed on a small copy of the whole image and
enlarged, so that tiles agree and large photos do not get noisy gains.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, interpolate, pad

from lowlight_cli.layers.exposure import log_gain_to, luma
from lowlight_cli.tensors import Features, GainMap, Images, PerImage, Places

MAP_SIDE = 256
"""Cells of the gain map along each side; blurs the guide by about 1/128 of a side."""

FACTS_SIDE = 64
"""Cells along each side of the copy on which the filter runs."""

RADIUS = 8
"""Radius of the boxes of the filter, in those cells."""

EDGE_VARIANCE = 0.01
"""Variance of lightness at which the filter starts to keep a change as an edge."""

DARKEST = 0.004
LOCAL_SHARE = 0.6
"""Share of the gain that follows the surroundings in unevenly lit images; the rest follows the mean."""

KEPT_GAIN = 6.0
"""Gain from which only the highlights of the lifted image are kept."""

HIGHLIGHT = 0.8
"""Luma from which the lifted image is kept, completely at 1, because a network blows out lamps."""


class Light(NamedTuple):
    """Facts of an image that its gains depend on.

    ``mean`` is the mean luma; ``local`` the share of the gain that follows the surroundings; ``need`` is
    between 0, for an image that is well lit as a whole, and 1. ``slope`` and ``offset`` give the lightness of
    the surroundings from that of a pixel.
    """

    mean: PerImage
    local: PerImage
    need: PerImage
    slope: GainMap
    offset: GainMap


def measure_light(images: Images) -> Light:
    """Facts of whole images of any size, sRGB in [0, 1]."""
    return _light_of(area_shrink(luma(images.float()).unsqueeze(1), FACTS_SIDE))


def _light_of(cells: GainMap) -> Light:
    mean = _box_mean(cells)
    variance = (_box_mean(cells.square()) - mean.square()).clamp(min=0)
    slope = variance / (variance + EDGE_VARIANCE)
    offset = mean - slope * mean
    slope, offset = _box_mean(slope), _box_mean(offset)
    lightness = cells.mean((1, 2, 3))
    surroundings = (slope * cells + offset).flatten(1)
    local, need = _unevenness(lightness, surroundings)
    return Light(lightness, local, need, slope, offset)


def log_gain_map(images: Images, target: float) -> GainMap:
    """Logarithm of the gain of each part of whole images, (b, 1, 256, 256).

    Args:
        images: Whole images of any size, sRGB in [0, 1].
        target: Lightness to lift to.
    """
    guide = area_shrink(luma(images.float()).unsqueeze(1), MAP_SIDE)
    return log_gain_of(_light_of(avg_pool2d(guide, MAP_SIDE // FACTS_SIDE)), guide, target)


def log_gain_of(light: Light, guide: GainMap, target: float, places: Places | None = None) -> GainMap:
    """Logarithm of the gain, 0 to log 64, at each pixel of a guide.

    Args:
        light: Facts of the whole images.
        guide: Luma of the images, or of parts of them.
        target: Lightness to lift to.
        places: Places of the parts; None for whole images.
    """
    slope, offset = spread(torch.cat([light.slope, light.offset], dim=1), guide, places).split(1, dim=1)
    surroundings = (slope * guide + offset).clamp(DARKEST, 1.0)
    local = log_gain_to(target, surroundings)
    even = log_gain_to(target, _as_map(light.mean))
    share = _as_map(light.local)
    return _as_map(light.need) * (share * local + (1 - share) * even)


def even_log_gain(lightness: PerImage, target: float) -> GainMap:
    """Logarithm of one gain for the whole image, by its mean luma, (b, 1, 1, 1)."""
    return _as_map(log_gain_to(target, lightness))


def spread(cells: Features, like: Tensor, places: Places | None = None) -> Features:
    """Enlarges small maps of whole images to the pixels of the images or of parts of them.

    Args:
        cells: Maps of whole images, (b, c, any, any).
        like: Tensor with the target height and width, (b, any, h, w).
        places: Places of the parts; None for whole images.
    """
    if cells.shape[2] == cells.shape[3] == 1:
        return cells.expand(like.shape[0], -1, *like.shape[2:])
    if places is None:
        size = list(like.shape[2:])
        cells = interpolate(cells, size, mode="bilinear", align_corners=False)
        return cells.expand(like.shape[0], -1, -1, -1)
    rows, columns = (_centers(like, dim) for dim in (2, 3))
    top, left, height, width = places.float().split(1, dim=1)
    rows, columns = top + rows * height, left + columns * width
    down = rows.unsqueeze(2).expand(-1, -1, columns.shape[1])
    across = columns.unsqueeze(1).expand(-1, rows.shape[1], -1)
    grid = torch.stack([across, down], dim=3) * 2 - 1
    cells = cells.expand(like.shape[0], -1, -1, -1)
    return grid_sample(cells, grid, padding_mode="border", align_corners=False)


def kept_where_lit(kept: Images, made: Images, lifted: Images, log_gain: GainMap) -> Images:
    """Blends from the lifted image, where it has no gain or is a highlight, to the output at a gain of 6.

    Args:
        kept: The lifted image with controls and the look of a reference applied.
        made: Output of the network, same shape.
        lifted: The lifted image alone.
        log_gain: Logarithm of the gain at each pixel.
    """
    lit = _smoothstep((luma(lifted).unsqueeze(1) - HIGHLIGHT) / (1 - HIGHLIGHT))
    weight = _smoothstep(log_gain / math.log(KEPT_GAIN)) * (1 - lit)
    # In float32 for any precision of the network, so that kept areas keep their bit depth.
    return torch.lerp(kept.float(), made.float(), weight.float())


def area_shrink(planes: Tensor, side: int) -> Tensor:
    """Means over ``side`` x ``side`` equal areas, (b, c, h, w) to (b, c, side, side)."""
    rows, columns = (_shares(side, planes, dim) for dim in (2, 3))
    with torch.autocast(planes.device.type, enabled=False):
        return rows @ planes.float() @ columns.T


def _shares(cells: int, planes: Tensor, dim: int) -> Tensor:
    """Weight of each pixel along a side in each cell, (cells, pixels)."""
    size, device = planes.shape[dim], planes.device
    first = torch.arange(cells, device=device).unsqueeze(1) / cells
    pixel = torch.arange(size, device=device) / size
    shared = torch.minimum(first + 1 / cells, pixel + 1 / size) - torch.maximum(first, pixel)
    shared = shared.clamp(min=0)
    return shared / shared.sum(1, keepdim=True)


def _centers(like: Tensor, dim: int) -> Tensor:
    size = like.shape[dim]
    return ((torch.arange(size, device=like.device) + 0.5) / size).unsqueeze(0)


def _box_mean(cells: Tensor) -> Tensor:
    return avg_pool2d(pad(cells, (RADIUS,) * 4, mode="replicate"), 2 * RADIUS + 1, stride=1)


def _as_map(values: PerImage) -> GainMap:
    return values.view(-1, 1, 1, 1)


def _smoothstep(value: Tensor) -> Tensor:
    value = value.clamp(0, 1)
    return value * value * (3 - 2 * value)


def _unevenness(lightness: PerImage, surroundings: Tensor) -> tuple[PerImage, PerImage]:
    """How unevenly images are lit, and how much they need a lift, both in [0, 1].

    Args:
        lightness: Mean luma.
        surroundings: Smooth lightness of each cell, (b, cells).
    """
    ordered = surroundings.sort(dim=1).values
    count = ordered.shape[1]
    lit, unlit = ordered[:, (count * 95) // 100], ordered[:, (count * 5) // 100].clamp(min=DARKEST)
    has_lit_part = _smoothstep((lit - 0.12) / 0.08)
    contrast = _smoothstep((lit / unlit).clamp(min=1.0).log() / math.log(3) - 1)  # from 3 to 9 times
    local = LOCAL_SHARE * has_lit_part * contrast
    shadow = torch.sigmoid((0.12 - surroundings) / 0.01).mean(1)
    is_shaded = _smoothstep((shadow - 0.04) / 0.14)
    is_bright = _smoothstep((lightness - 0.2) / 0.15) * _smoothstep((lit - 0.35) / 0.3)
    return local, torch.maximum(is_shaded, 1 - is_bright)
