"""Backlight: what is bright in a picture stays, what is dark sinks, along the edges of the picture.

Source: He et al., "Guided Image Filtering", 2010, eq. 5-8, with the picture's luma as its own guide: the
coefficients are those of a small copy, and give a base of any part of the picture at full size.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from lowlight_cli.datasets.config import UnevenLight
from lowlight_cli.datasets.light_fields import Across, Down, Each, Numbers, Plane

RADIUS = (2.0, 6.99)
"""Least and most radius of the filter in pixels of the small copy; the whole part counts."""

SPARSE = 4
"""Every so manieth row and column is looked at for quantiles."""

NUMBERS = 5
"""Random numbers that a backlight takes."""


class Backlight(NamedTuple):
    """Coefficients of the base (b, 64, 64) each, and how darkness depends on it."""

    slope: Float[Tensor, "_b _n _n"]
    offset: Float[Tensor, "_b _n _n"]
    threshold: Each
    softness: Each
    depth: Each


def draw_backlight(settings: UnevenLight, numbers: Numbers, luma: Float[Tensor, "_b _n _n"]) -> Backlight:
    """Draws a backlight for each picture.

    Args:
        settings: How deep it may be.
        numbers: Source of chance.
        luma: Of the small copies of whole pictures.
    """
    radius = numbers.between(*RADIUS).floor()
    epsilon = numbers.logarithmic(1e-3, 2e-2)
    slope, offset = guided(luma, radius, epsilon)
    base = (slope * luma + offset)[:, ::SPARSE, ::SPARSE].flatten(1).sort(1).values
    place = (numbers.between(0.25, 0.9) * (base.shape[1] - 1)).round().long().flatten(1)
    threshold = base.gather(1, place).unsqueeze(-1)
    return Backlight(
        slope, offset, threshold, numbers.between(0.02, 0.1), numbers.between(*settings.backlit_depth)
    )


def guided(luma: Float[Tensor, "_b _n _n"], radius: Each, epsilon: Each) -> tuple[Tensor, Tensor]:
    """Coefficients of the self-guided filter, averaged as the filter does: base = slope * luma + offset."""
    # In double: a difference of squares is asked for, whatever the switches of products in single precision.
    places = torch.arange(luma.shape[-1], device=luma.device)
    near = ((places - places.unsqueeze(-1)).abs() <= radius).double()
    near = (near / near.sum(-1, keepdim=True)).unsqueeze(1)

    def box(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Means over squares that are cut off at the border."""
        means = near @ torch.stack([first, second], 1) @ near.mT
        return means[:, 0], means[:, 1]

    exact = luma.double()
    mean, mean_of_squares = box(exact, exact**2)
    variance = (mean_of_squares - mean**2).clamp_min(0)
    slope = variance / (variance + epsilon)
    slope, offset = box(slope, mean - slope * mean)
    return slope.float(), offset.float()


def stops_of(backlight: Backlight, v: Down, u: Across, luma: Plane) -> Plane:
    """Stops of darkness at places whose luma is known, at least 0."""
    rows, columns = _between(v, backlight.slope.shape[1]), _between(u.mT, backlight.slope.shape[2]).mT
    both = torch.stack([backlight.slope, backlight.offset], 1).double()
    slope, offset = (rows.unsqueeze(1) @ both @ columns.unsqueeze(1)).float().unbind(1)
    base = slope * luma + offset
    return backlight.depth * torch.sigmoid((backlight.threshold - base) / backlight.softness)


def _between(places: Tensor, size: int) -> Tensor:
    """Weights of bilinear interpolation between the middles of ``size`` cells, (b, n, size) in double."""
    position = (places.double() * size - 0.5).clamp(0, size - 1)
    return (1 - (position - torch.arange(size, device=places.device)).abs()).clamp_min(0)
