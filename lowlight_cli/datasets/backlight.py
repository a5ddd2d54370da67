"""Backlight for training: bright areas keep their light, and dark areas get darker, along edges.

Source: He et al., "Guided Image Filtering", 2010, eq. 5-8, with the luma of the image as its own guide. The
coefficients are those of a small copy; they give the smooth base of any part of the image at full size.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from lowlight_cli.datasets.config import UnevenLight
from lowlight_cli.datasets.light_fields import Across, Down, Each, Numbers, Plane

RADIUS = (2.0, 6.99)
"""Least and most radius of the filter in pixels of the small copy, rounded down."""

SPARSE = 4
"""Step between the rows and columns that quantiles are computed from."""

NUMBERS = 5
"""Number of random numbers that a backlight uses."""


class Backlight(NamedTuple):
    """Coefficients of the smooth base, (b, 64, 64) each, and how darkness depends on the base."""

    slope: Float[Tensor, "_b _n _n"]
    offset: Float[Tensor, "_b _n _n"]
    threshold: Each
    softness: Each
    depth: Each


def draw_backlight(settings: UnevenLight, numbers: Numbers, luma: Float[Tensor, "_b _n _n"]) -> Backlight:
    """Draws a backlight for each image.

    Args:
        settings: Range of its depth.
        numbers: Random numbers.
        luma: Luma of the small copies of whole images.
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
    """Averaged coefficients of the self-guided filter: base = slope * luma + offset."""
    # In double precision, because of the difference of squares, and so that TF32 settings have no effect.
    places = torch.arange(luma.shape[-1], device=luma.device)
    near = ((places - places.unsqueeze(-1)).abs() <= radius).double()
    near = (near / near.sum(-1, keepdim=True)).unsqueeze(1)

    def box(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Means over squares, cropped at the border."""
        means = near @ torch.stack([first, second], 1) @ near.mT
        return means[:, 0], means[:, 1]

    exact = luma.double()
    mean, mean_of_squares = box(exact, exact**2)
    variance = (mean_of_squares - mean**2).clamp_min(0)
    slope = variance / (variance + epsilon)
    slope, offset = box(slope, mean - slope * mean)
    return slope.float(), offset.float()


def stops_of(backlight: Backlight, v: Down, u: Across, luma: Plane) -> Plane:
    """Stops of darkness at each position, at least 0."""
    rows, columns = _between(v, backlight.slope.shape[1]), _between(u.mT, backlight.slope.shape[2]).mT
    both = torch.stack([backlight.slope, backlight.offset], 1).double()
    slope, offset = (rows.unsqueeze(1) @ both @ columns.unsqueeze(1)).float().unbind(1)
    base = slope * luma + offset
    return backlight.depth * torch.sigmoid((backlight.threshold - base) / backlight.softness)


def _between(places: Tensor, size: int) -> Tensor:
    """Weights of bilinear interpolation between the centers of ``size`` cells, (b, n, size), in double."""
    position = (places.double() * size - 0.5).clamp(0, size - 1)
    return (1 - (position - torch.arange(size, device=places.device)).abs()).clamp_min(0)
