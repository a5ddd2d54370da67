"""Camera-shake blur: a random path, applied in linear light before clipping.

A path is a smooth curve, or a random walk as in Boracchi and Foi, "Modeling the Performance of Image
Restoration from Motion Blur", 2012, sec. III, with inertia alone. Lamps are brighter than white as in Zhou et
al., "LEDNet", 2022, sec. 3. Parameters are chosen by judgment: docs/models/vqcnir.md.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Generator, Tensor
from torch.nn.functional import conv2d, pad

from lowlight_cli.datasets.config import BlurSettings, Spread

MOMENTS = 64
"""Points of a path; enough to leave no gaps in paths of the lengths drawn here."""

Pictures = Float[Tensor, "*b 3 h w"]
"""One image or a batch."""


class Movement(NamedTuple):
    """Movement of the camera during one exposure.

    Attributes:
        kernel: Fraction of the time spent at each position, (k, k) with k odd; the mean is at the center.
        lamps: Brightness of lamps as a multiple of white.
        lamp_level: sRGB value that all channels of a lamp exceed.
        is_saturated: Whether streaks clip at white before the light is dimmed.
    """

    kernel: Float[Tensor, "k k"]
    lamps: float
    lamp_level: float
    is_saturated: bool


def draw_movement(settings: BlurSettings, generator: Generator) -> Movement | None:
    """Draws the movement of one exposure; None if the camera was still."""
    if float(torch.rand((), generator=generator)) >= settings.share:
        return None
    length, lamps = (_drawn(spread, generator) for spread in (settings.length, settings.lamps))
    curved, saturated = torch.rand(2, generator=generator).tolist()
    if curved < settings.curved_share:
        path = curved_path(length, settings, generator)
    else:
        path = shake_path(length, _drawn(settings.inertia, generator), generator)
    is_saturated = saturated < settings.saturated_share
    return Movement(kernel_of(path), max(lamps, 1.0), settings.lamp_level, is_saturated)


def curved_path(length: float, settings: BlurSettings, generator: Generator) -> Float[Tensor, "moments 2"]:
    """Draws a smooth path of the camera, in pixels down and right, with mean zero.

    Direction and speed vary as sines over the exposure, so that some paths bend to both sides.

    Args:
        length: Length of the path in pixels.
        settings: Range of the turn, and the change of the speed.
        generator: Source of randomness.
    """
    start, turn, side, wave, first, second = torch.rand(6, generator=generator).tolist()
    least, most = settings.turn
    angle = math.radians(least + (most - least) * turn) * (1 if side < 0.5 else -1)
    time = 2 * math.pi * (torch.arange(MOMENTS) + 0.5) / MOMENTS
    sway = (time + 2 * math.pi * first).sin() - math.sin(2 * math.pi * first)
    heading = 2 * math.pi * start + angle / (2 * math.pi) * (time + 2 * wave * sway)
    speed = 1 + settings.pace * (time + 2 * math.pi * second).sin()
    path = (length / MOMENTS * speed * torch.stack([heading.sin(), heading.cos()])).cumsum(1).T
    return path - path.mean(0)


def shake_path(length: float, inertia: float, generator: Generator) -> Float[Tensor, "moments 2"]:
    """Draws a random walk of the camera, in pixels down and right, with mean zero.

    Args:
        length: Length of the path in pixels.
        inertia: Fraction of the exposure over which a movement keeps its direction.
        generator: Source of randomness.
    """
    kept = math.exp(-1 / (inertia * MOMENTS))
    ages = torch.arange(MOMENTS).view(-1, 1) - torch.arange(MOMENTS)
    weights = torch.where(ages >= 0, kept ** ages.clamp(min=0), 0.0)  # (moments, moments)
    velocities = weights @ torch.randn(MOMENTS, 2, generator=generator)
    velocities = velocities * (length / velocities.norm(dim=1).sum())
    path = velocities.cumsum(0)
    return path - path.mean(0)


def kernel_of(path: Float[Tensor, "moments 2"]) -> Float[Tensor, "k k"]:
    """Fraction of the time that a path spends at each pixel, spread bilinearly over four pixels."""
    radius = math.ceil(float(path.abs().max())) + 1
    places = torch.arange(-radius, radius + 1)
    rows, columns = (1 - (path.unsqueeze(-1) - places).abs()).clamp(min=0).unbind(1)  # (moments, k) each
    return rows.T @ columns / len(path)


def shaken(light: Pictures, images: Pictures, movement: Movement, white: Tensor) -> Pictures:
    """Light of a scene as a moving camera records it.

    Args:
        light: Linear light of the scene.
        images: The same scene in sRGB; white pixels are taken for lamps.
        movement: Movement of the camera.
        white: Light of white, which streaks clip at if they are saturated; the shape of one pixel.
    """
    return clipped(moved(lit(light, images, movement), movement.kernel), movement, white)


def lit(light: Pictures, images: Pictures, movement: Movement) -> Pictures:
    """Light of a scene whose lamps are brighter than white."""
    whiteness = images.amin(-3, keepdim=True)
    is_lamp = ((whiteness - movement.lamp_level) / (1 - movement.lamp_level)).clamp(0, 1)
    return light * (1 + (movement.lamps - 1) * is_lamp)


def clipped(light: Pictures, movement: Movement, white: Tensor) -> Pictures:
    """Light that is clipped at that of white, channel by channel, if streaks are saturated."""
    return torch.minimum(light, white) if movement.is_saturated else light


def moved(light: Pictures, kernel: Float[Tensor, "k k"]) -> Pictures:
    """Light convolved with a kernel; beyond the border it is mirrored, or repeated in small images."""
    margin = kernel.shape[-1] // 2
    planes = light.reshape(-1, 1, *light.shape[-2:])
    mode = "reflect" if min(light.shape[-2:]) > margin else "replicate"
    convolved = conv2d(pad(planes, (margin,) * 4, mode=mode), kernel.flip(0, 1).to(light)[None, None])
    return convolved.view(light.shape)


def _drawn(spread: Spread, generator: Generator) -> float:
    return spread.at(float(torch.randn((), generator=generator)))
