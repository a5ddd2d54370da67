"""Blur of a shaken camera: a smooth random path of the hand, in light, before anything is clipped.

Source: paths as in Boracchi and Foi, "Modeling the Performance of Image Restoration from Motion Blur", 2012,
sec. III, with inertia alone; lamps beyond white as in Zhou et al., "LEDNet", 2022, sec. 3. The figures are by
judgment: docs/models/vqcnir.md.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Generator, Tensor
from torch.nn.functional import conv2d, pad

from lowlight_cli.datasets.config import BlurSettings, Spread

MOMENTS = 64
"""Points of a path; so many that no gap shows in a path of the lengths drawn here."""

Pictures = Float[Tensor, "*b 3 h w"]
"""One picture or a batch."""


class Movement(NamedTuple):
    """How the camera moved during one picture.

    Attributes:
        kernel: Share of the time spent at each place, (k, k) with k odd; the mean place is the middle.
        lamps: How much brighter than white lamps are.
        lamp_level: Value of sRGB above which all channels of a lamp are.
    """

    kernel: Float[Tensor, "k k"]
    lamps: float
    lamp_level: float


def draw_movement(settings: BlurSettings, generator: Generator) -> Movement | None:
    """The movement of one picture, or None where the camera was still."""
    if float(torch.rand((), generator=generator)) >= settings.share:
        return None
    length, inertia, lamps = (
        _drawn(spread, generator) for spread in (settings.length, settings.inertia, settings.lamps)
    )
    return Movement(kernel_of(shake_path(length, inertia, generator)), max(lamps, 1.0), settings.lamp_level)


def shake_path(length: float, inertia: float, generator: Generator) -> Float[Tensor, "moments 2"]:
    """Where the camera points over time, in pixels down and right; the mean is zero.

    Args:
        length: Length of the path in pixels.
        inertia: Part of the exposure over which a movement keeps its direction.
        generator: Source of the path.
    """
    kept = math.exp(-1 / (inertia * MOMENTS))
    ages = torch.arange(MOMENTS).view(-1, 1) - torch.arange(MOMENTS)
    weights = torch.where(ages >= 0, kept ** ages.clamp(min=0), 0.0)  # (moments, moments)
    velocities = weights @ torch.randn(MOMENTS, 2, generator=generator)
    velocities = velocities * (length / velocities.norm(dim=1).sum())
    path = velocities.cumsum(0)
    return path - path.mean(0)


def kernel_of(path: Float[Tensor, "moments 2"]) -> Float[Tensor, "k k"]:
    """Share of the time that a path spends at each pixel, between pixels divided among four."""
    radius = math.ceil(float(path.abs().max())) + 1
    places = torch.arange(-radius, radius + 1)
    rows, columns = (1 - (path.unsqueeze(-1) - places).abs()).clamp(min=0).unbind(1)  # (moments, k) each
    return rows.T @ columns / len(path)


def shaken(light: Pictures, images: Pictures, movement: Movement) -> Pictures:
    """Light of a scene as it falls on the sensor of a moving camera.

    Args:
        light: Linear light of the scene.
        images: The same as values of sRGB; where all are at white a lamp may be.
        movement: How the camera moved.
    """
    return moved(lit(light, images, movement), movement.kernel)


def lit(light: Pictures, images: Pictures, movement: Movement) -> Pictures:
    """Light of a scene whose lamps are brighter than white."""
    whiteness = images.amin(-3, keepdim=True)
    is_lamp = ((whiteness - movement.lamp_level) / (1 - movement.lamp_level)).clamp(0, 1)
    return light * (1 + (movement.lamps - 1) * is_lamp)


def moved(light: Pictures, kernel: Float[Tensor, "k k"]) -> Pictures:
    """Light convolved with a kernel; beyond its border a picture goes on mirrored, or with its last line."""
    margin = kernel.shape[-1] // 2
    planes = light.reshape(-1, 1, *light.shape[-2:])
    mode = "reflect" if min(light.shape[-2:]) > margin else "replicate"
    convolved = conv2d(pad(planes, (margin,) * 4, mode=mode), kernel.flip(0, 1).to(light)[None, None])
    return convolved.view(light.shape)


def _drawn(spread: Spread, generator: Generator) -> float:
    z = float(torch.randn((), generator=generator).clamp(-2, 2))
    return spread.median * spread.factor**z
