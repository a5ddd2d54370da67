"""Smooth light fields: stops of darkness at each position, relative to the lightest.

Fields depend only on the position: v and u run from 0 to 1 down and across the image, so that a part of an
image gets the same light as within the whole. All are computed for a batch at once.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from lowlight_cli.datasets.config import UnevenLight

NODES = 5
LAMPS = 3
HALF_PLANE, BOX = 0.4, 0.7
"""Bounds of a uniform number: half planes below the first, boxes below the second, ellipses above."""

Down = Float[Tensor, "_b _h 1"]
Across = Float[Tensor, "_b 1 _w"]
Plane = Float[Tensor, "_b _h _w"]
Each = Float[Tensor, "_b 1 1"]
"""One number for each image."""


class Numbers:
    """Uniform random numbers for a batch, drawn at once and then handed out in order."""

    def __init__(self, count: int, size: int, generator: Generator) -> None:
        self._left = torch.rand(count, size, generator=generator, device=generator.device)

    def take(self, size: int) -> Tensor:
        """The next ``size`` numbers of each image, (b, size)."""
        taken, self._left = self._left[:, :size], self._left[:, size:]
        return taken

    def between(self, low: float, high: float) -> Each:
        """A number from ``low`` to ``high`` for each image."""
        return low + (high - low) * self.take(1).unsqueeze(-1)

    def logarithmic(self, low: float, high: float) -> Each:
        """A number with uniform logarithm for each image."""
        return self.between(math.log(low), math.log(high)).exp()


class Noise(NamedTuple):
    """Random nodes (b, 5, 5), the number used along each side, and an exponent on their values."""

    nodes: Tensor
    used: Each
    power: Each


class Lamps(NamedTuple):
    """Position, height above the scene and strength of lamps, (b, 1, 1, lamps) each; strength 0 for none."""

    down: Tensor
    across: Tensor
    height: Tensor
    strength: Tensor


class Area(NamedTuple):
    """A rotated half plane, box or ellipse: center, half sides, and softness of the border."""

    cosine: Each
    sine: Each
    down: Each
    across: Each
    tall: Each
    wide: Each
    soft: Each
    shape: Each
    inverted: Each


class Field(NamedTuple):
    """One smooth field for each image: its kind (0 noise, 1 lamps, 2 area), its depth, and all kinds."""

    kind: Each
    depth: Each
    noise: Noise
    lamps: Lamps
    area: Area


NUMBERS = 1 + 1 + (NODES**2 + 2) + (1 + 4 * LAMPS) + 9
"""Number of random numbers that a field uses."""


def draw_field(settings: UnevenLight, numbers: Numbers) -> Field:
    """Draws a field for each image; parameters of all kinds are drawn, whichever is used."""
    weights = (settings.noise_weight, settings.lamps_weight, settings.area_weight)
    kind = chosen(weights, numbers)
    depth = numbers.between(*settings.smooth_depth)
    nodes = numbers.take(NODES**2).view(-1, NODES, NODES)
    noise = Noise(
        nodes, numbers.between(2.0, NODES + 1.0).floor().clamp(max=NODES), numbers.between(0.7, 2.0)
    )
    count = numbers.between(1.0, LAMPS + 1.0).floor().unsqueeze(-1)
    down, across, height, strength = (numbers.take(LAMPS)[:, None, None] for _ in range(4))
    present = torch.arange(LAMPS, device=count.device) < count
    lamps = Lamps(
        1.2 * down - 0.1, 1.2 * across - 0.1, 0.08 + 0.32 * height, (0.3 + 0.7 * strength) * present
    )
    angle = numbers.between(0.0, 2 * math.pi)
    area = Area(
        angle.cos(),
        angle.sin(),
        numbers.between(0.15, 0.85),
        numbers.between(0.15, 0.85),
        numbers.between(0.12, 0.5),
        numbers.between(0.12, 0.5),
        numbers.logarithmic(0.01, 0.3),
        numbers.between(0.0, 1.0),
        (numbers.between(0.0, 1.0) < settings.inverted_share).float(),
    )
    return Field(kind, depth, noise, lamps, area)


def chosen(weights: tuple[float, ...], numbers: Numbers) -> Each:
    """An index into ``weights`` for each image, drawn with these probabilities."""
    number = numbers.between(0.0, sum(weights))
    bounds = [sum(weights[: place + 1]) for place in range(len(weights) - 1)]
    return sum((number >= bound).float() for bound in bounds) + torch.zeros_like(number)


def stops_of(field: Field, v: Down, u: Across) -> Plane:
    """Stops of darkness at each position, at least 0. On a CPU, a single image computes only its own kind."""
    if len(field.kind) == 1 and field.kind.device.type == "cpu":
        return (_noise, _lamps, _area)[int(field.kind)](field, v, u)
    planes = (_noise(field, v, u), _lamps(field, v, u), _area(field, v, u))
    return torch.where(field.kind < 1, planes[0], torch.where(field.kind < 2, planes[1], planes[2]))


def _noise(field: Field, v: Down, u: Across) -> Plane:
    """Noise by cubic interpolation between nodes, without nodes beyond the border.

    Source: Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981, eq. 4 (a = -1/2).
    """
    nodes, used, power = field.noise
    rows = _cubic(v, used)  # (b, h, nodes)
    columns = _cubic(u.mT, used)  # (b, w, nodes)
    # In double precision, so that TF32 settings have no effect.
    values = rows.double() @ nodes.double() @ columns.double().mT
    return field.depth * values.float().clamp(1e-6, 1) ** power


def _cubic(places: Tensor, count: Each) -> Tensor:
    nodes = torch.arange(NODES, device=places.device)
    distance = (places * (count - 1) - nodes).abs()
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    weights = torch.where(distance < 1, near, torch.where(distance < 2, far, 0.0)) * (nodes < count)
    return weights / weights.sum(-1, keepdim=True)


def _lamps(field: Field, v: Down, u: Across) -> Plane:
    """Light by the inverse square of the distance, relative to that under the strongest lamp."""
    down, across, height, strength = field.lamps
    total = torch.zeros((), device=v.device)
    for y, x, h, s in zip(*(values.unbind(-1) for values in (down, across, height, strength)), strict=True):
        total = total + s * h**2 / ((v - y) ** 2 + (u - x) ** 2 + h**2)
    floor = 2**-field.depth
    share = (total / strength.amax(-1)).clamp(0, 1)
    return -torch.log2(share * (1 - floor) + floor)


def _area(field: Field, v: Down, u: Across) -> Plane:
    area = field.area
    y = (v - area.down) * area.cosine + (u - area.across) * area.sine
    x = (u - area.across) * area.cosine - (v - area.down) * area.sine
    box = torch.maximum(y.abs() - area.tall, x.abs() - area.wide)
    radius = ((y / area.tall) ** 2 + (x / area.wide) ** 2).sqrt()
    ellipse = (radius - 1) * torch.minimum(area.tall, area.wide)
    outside = torch.where(area.shape < HALF_PLANE, y, torch.where(area.shape < BOX, box, ellipse))
    sign = 1 - 2 * area.inverted
    return field.depth * torch.sigmoid(sign * outside / area.soft * 2)
