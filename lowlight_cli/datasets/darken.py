"""Darkens clean images as a camera would: less light, sensor noise, tone curve and JPEG.

Source: figures measured on real pairs, docs/models/darkening.md; noise model of Foi et al., "Practical
Poissonian-Gaussian noise modeling and fitting for single-image raw data", 2008, eq. 1-3.
"""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Generator, Tensor
from torch.nn.functional import interpolate, pad

from lowlight_cli.datasets.blur import Movement, moved, shaken
from lowlight_cli.datasets.config import Camera, DarkeningSettings, Spread
from lowlight_cli.images.color import srgb
from lowlight_cli.images.color.srgb import fast_power
from lowlight_cli.tensors import Images

MIDDLE_GRAY = 0.18
BLOTCH_PIXELS = 4

Pictures = Float[Tensor, "*b 3 h w"]
"""One image or a batch, sRGB in [0, 1]."""


class Darkened(NamedTuple):
    """Dark images (8-bit steps, in [0, 1]) and the light each kept at middle gray."""

    images: Pictures
    exposures: Float[Tensor, "*b"]


class Conditions(NamedTuple):
    """One draw from each distribution of a ``Camera``, a number for each image, (b, 1, 1, 1)."""

    cast: Tensor  # (b, 3, 1, 1)
    exposure: Tensor
    headroom: Tensor
    shot: Tensor
    read: Tensor
    speckle: Tensor
    grain: Tensor
    blotch: Tensor
    pedestal: Tensor
    contrast: Tensor


def darken(
    images: Pictures, settings: DarkeningSettings, generator: Generator, movement: Movement | None = None
) -> Darkened:
    """Darkens one image (3, h, w) or a batch, with separate conditions for each image.

    Args:
        images: Clean images, sRGB in [0, 1].
        settings: Distributions to draw from.
        generator: The only source of randomness.
        movement: Movement of the camera, the same for all images; None for a still camera.
    """
    batch = images if images.dim() == 4 else images.unsqueeze(0)
    drawn = draw_conditions(batch.shape[0], settings, generator)
    conditions = Conditions(*(value.to(batch.device) for value in drawn))
    dark = photograph(batch, conditions, settings, generator, movement)
    dark = through_jpeg(dark.mul_(255).round_().div_(255), settings, generator)
    exposures = conditions.exposure.flatten()
    return Darkened(dark, exposures) if images.dim() == 4 else Darkened(dark[0], exposures[0])


def photograph(
    images: Images,
    conditions: Conditions,
    settings: DarkeningSettings,
    generator: Generator,
    movement: Movement | None = None,
) -> Images:
    """Takes dark images of well-lit ones, before any rounding or file format.

    Args:
        images: Clean images, sRGB in [0, 1].
        conditions: Conditions of each image, on the same device.
        settings: Gives the tints of noise and black level.
        generator: Source of the noise.
        movement: Movement of the camera.
    """
    light = exposed(to_linear(images), conditions)
    if movement is not None:
        light = shaken(light, images, movement, light_of_white(images, conditions))
    light += conditions.pedestal * channels(settings.pedestal_tint, images)
    light += sensor_noise(light, conditions, channels(settings.noise_tint, images), generator)
    return fast_power(to_srgb(light), conditions.contrast)


def photograph_again(
    images: Images, movement: Movement, settings: DarkeningSettings, generator: Generator
) -> Images:
    """Dark images as the measured camera would have taken them while moving, in 8-bit steps.

    The blur also smooths the noise of the images, so noise is added again.

    Args:
        images: Dark images, sRGB in [0, 1].
        movement: Movement of the camera.
        settings: Gives the camera and the tint of the noise.
        generator: The only source of randomness.
    """
    measured = settings.model_copy(update={"measured_share": 1.0})
    conditions = draw_conditions(len(images), measured, generator)
    light = moved(to_linear(images), movement.kernel)
    light += sensor_noise(light, conditions, channels(settings.noise_tint, images), generator)
    return to_srgb(light).mul_(255).round_().div_(255)


def draw_conditions(
    count: int, settings: DarkeningSettings, generator: Generator, cameras: Tensor | None = None
) -> Conditions:
    """Draws the conditions of ``count`` images, each from the measured camera or from the wide one.

    Args:
        count: Number of images.
        settings: Distributions to draw from.
        generator: Source of randomness; the result is on its device.
        cameras: Result of ``cameras_of`` on that device; None computes it.
    """
    device = generator.device
    if cameras is None:
        cameras = cameras_of(settings).to(device)
    measured = torch.rand(count, generator=generator, device=device) < settings.measured_share
    medians, factors = cameras[measured.long()].unbind(1)  # (b, number) each
    z = torch.randn(medians.shape, generator=generator, device=device).clamp(-2, 2)
    drawn = (medians + z * factors).exp()[..., None, None, None]
    red, blue, *others = drawn.unbind(1)
    return Conditions(torch.cat([red, torch.ones_like(red), blue], 1), *others)


def cameras_of(settings: DarkeningSettings) -> Float[Tensor, "2 2 number"]:
    """The wide camera and the measured one; see ``logarithms``."""
    return torch.stack([logarithms(settings.wide), logarithms(settings.measured)])


def logarithms(camera: Camera) -> Float[Tensor, "2 number"]:
    """Logarithms of the medians and of the factors; the cast comes twice, for red and for blue."""
    spreads: list[Spread] = [camera.cast, *(getattr(camera, name) for name in Conditions._fields)]
    numbers = [[spread.median for spread in spreads], [spread.factor for spread in spreads]]
    return torch.tensor(numbers).log()


def exposed(light: Images, conditions: Conditions) -> Images:
    """Linear light at a lower exposure, after undoing the highlight compression of the bright image.

    The compression ``light = scene / (1 + bend * scene)`` fits the measured pairs. Its inverse is scaled so
    that middle gray keeps exactly ``exposure`` of its light.
    """
    bend = 1 - 1 / conditions.headroom
    scale = (1 - bend * MIDDLE_GRAY) * conditions.exposure * conditions.cast
    return light * scale / (1 - bend * light)


def light_of_white(images: Images, conditions: Conditions) -> Tensor:
    """Linear light of white where the exposure is highest, (b, 3, 1, 1); see ``exposed``."""
    brightest = conditions._replace(exposure=conditions.exposure.amax((2, 3), keepdim=True))
    return exposed(torch.ones_like(images[..., :1, :1]), brightest)


def sensor_noise(light: Images, conditions: Conditions, tint: Tensor, generator: Generator) -> Images:
    """Read, shot and relative noise for ``light``, with the grain of demosaicing and coarse color noise."""
    growing = conditions.shot + conditions.speckle**2 * light
    deviation = growing.mul_(light).add_(conditions.read**2).sqrt_().mul_(tint)
    fine = grained(gaussian(light.shape, generator, light), conditions.grain)
    batch, _, height, width = light.shape
    rows, columns = -(-height // BLOTCH_PIXELS), -(-width // BLOTCH_PIXELS)
    coarse = gaussian(torch.Size((batch, 3, rows, columns)), generator, light)
    coarse = interpolate(coarse, (height, width), mode="bilinear", align_corners=False)
    return deviation * coarse.mul_(conditions.blotch).add_(fine)


def gaussian(shape: torch.Size, generator: Generator, like: Tensor) -> Tensor:
    """White noise of unit variance on the device of ``like``."""
    return torch.randn(shape, generator=generator, device=generator.device, dtype=like.dtype).to(like.device)


def grained(noise: Images, weight: Tensor) -> Images:
    """Noise mixed with its neighbors, of the same variance as before."""
    padded = pad(noise, (1, 1, 1, 1), mode="circular")
    rows = padded[..., 1:-1, :] + weight * (padded[..., :-2, :] + padded[..., 2:, :])
    mixed = rows[..., 1:-1] + weight * (rows[..., :-2] + rows[..., 2:])
    return mixed.div_(1 + 2 * weight**2)


def through_jpeg(images: Images, settings: DarkeningSettings, generator: Generator) -> Images:
    """Images, some of them after JPEG compression; modified in place."""
    count = images.shape[0]
    lowest, highest = settings.jpeg_quality
    chosen = torch.rand(count, generator=generator, device=generator.device) < settings.jpeg_share
    spans = torch.rand(count, generator=generator, device=generator.device)
    qualities = (lowest + spans * (highest - lowest)).round()
    for index in chosen.nonzero().flatten().tolist():
        images[index] = as_jpeg(images[index], int(qualities[index]))
    return images


def as_jpeg(image: Float[Tensor, "3 h w"], quality: int) -> Float[Tensor, "3 h w"]:
    """One image after JPEG of ``quality`` (1 to 100)."""
    pixels = image.permute(1, 2, 0).mul(255).round().byte().cpu().numpy()[..., ::-1]
    _, stored = cv2.imencode(".jpg", np.ascontiguousarray(pixels), [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR_RGB))
    return torch.from_numpy(decoded).permute(2, 0, 1).to(image) / 255


def to_linear(images: Images) -> Images:
    """Linear light of sRGB values."""
    return srgb.to_light(images, fast_power)


def to_srgb(light: Images) -> Images:
    """SRGB values in [0, 1] of linear light, clipped to [0, 1] first."""
    return srgb.to_srgb(light.clamp(0, 1), fast_power)


def channels(values: tuple[float, float, float], like: Tensor) -> Tensor:
    """Three numbers as (3, 1, 1), with the type and device of ``like``."""
    # Filled, not copied, because a copy to a GPU waits for it.
    return torch.cat([torch.full((1, 1, 1), value, dtype=like.dtype, device=like.device) for value in values])
