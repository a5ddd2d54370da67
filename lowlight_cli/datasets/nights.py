"""Nights: conditions under which an image stays clean, or is darkened under even or uneven light.

A part of an image and a small copy of the whole are darkened under the same light by the same camera.
"""

from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn.functional import adaptive_avg_pool2d

from lowlight_cli.datasets import backlight, light_fields
from lowlight_cli.datasets.backlight import Backlight, draw_backlight
from lowlight_cli.datasets.blur import Movement, clipped, lit
from lowlight_cli.datasets.config import DarkeningSettings, UnevenLight
from lowlight_cli.datasets.darken import (
    BLOTCH_PIXELS,
    Conditions,
    channels,
    draw_conditions,
    exposed,
    gaussian,
    light_of_white,
    photograph,
    through_jpeg,
    to_linear,
    to_srgb,
)
from lowlight_cli.datasets.light_fields import Each, Field, Numbers, draw_field
from lowlight_cli.images.color.srgb import fast_power
from lowlight_cli.layers.exposure import luma
from lowlight_cli.tensors import Images, Places

SMALL = 64
"""Side of the small copies of whole images."""

SMOOTH, BACKLIT = 0, 1
"""Kinds of uneven light; 2 is both."""


class Light(NamedTuple):
    """Uneven light over each image: fraction of light kept in the lit part, and fields that darken the rest.

    ``backlight`` can be None if all light is smooth.
    """

    kept: Each
    kind: Each
    field: Field
    backlight: Backlight | None


class Night(NamedTuple):
    """Conditions for one image, or for each image of a batch.

    For one image, ``conditions`` is None if it stays clean, and ``light`` is None if the light is even. In a
    batch, ``clean`` and ``even`` are masks, (b, 1, 1, 1).
    """

    conditions: Conditions | None
    light: Light | None
    clean: Tensor | None = None
    even: Tensor | None = None


def small_copy(pixels: Tensor) -> Images:
    """Whole images, uint8 or [0, 1], averaged to 64x64 cells, floats in [0, 1]."""
    planes = pixels if pixels.dim() == 4 else pixels.unsqueeze(0)
    small = adaptive_avg_pool2d(planes.float(), SMALL)
    return small / 255 if pixels.dtype == torch.uint8 else small


def draw_night(settings: DarkeningSettings, small: Images, generator: Generator) -> Night:
    """Draws the night of one image.

    Args:
        settings: Distributions to draw from.
        small: Small copy of the whole clean image, (1, 3, 64, 64).
        generator: The only source of randomness.
    """
    if settings.clean_share or settings.uneven_share:
        number = float(torch.rand((), generator=generator))
        if number < settings.clean_share:
            return Night(None, None)
        if number < settings.clean_share + settings.uneven_share:
            light = draw_light(settings.uneven, small, generator)
            wide = settings.model_copy(update={"measured_share": 0.0})
            return Night(under_light(draw_conditions(1, wide, generator), light, settings.uneven), light)
    return Night(draw_conditions(1, settings, generator), None)


def draw_light(settings: UnevenLight, small: Images, generator: Generator) -> Light:
    """Draws uneven light over each image of a batch of small copies, on their device."""
    numbers = Numbers(len(small), 4 + light_fields.NUMBERS + backlight.NUMBERS, generator)
    weights = (settings.smooth_weight, settings.backlit_weight, settings.both_weight)
    kind = light_fields.chosen(weights, numbers)
    # |N| = sqrt(2) erfinv(uniform)
    fall = settings.dimming * 2**0.5 * torch.erfinv(numbers.between(0.0, 0.9999))
    dim = numbers.between(*settings.dim)
    kept = torch.where(numbers.between(0.0, 1.0) < settings.dim_share, dim, 2**-fall)
    field = draw_field(settings, numbers)
    if _only(kind) == SMOOTH:
        return Light(kept, kind, field, None)
    return Light(kept, kind, field, draw_backlight(settings, numbers, luma(small)))


def under_light(conditions: Conditions, light: Light, settings: UnevenLight) -> Conditions:
    """Camera conditions adapted to uneven light.

    Highlight compression is undone only as far as the lit part is dimmed, or else it would clip.
    """
    most = (1 / light.kept).clamp_min(1).unsqueeze(1)
    return conditions._replace(
        cast=conditions.cast**settings.cast_power, headroom=conditions.headroom.clamp(max=most)
    )


def exposures(light: Light, images: Images, place: Places, settings: UnevenLight) -> Tensor:
    """Fraction of light kept at each pixel of parts of images, (b, 1, h, w).

    Args:
        light: Light over the whole images.
        images: The clean parts.
        place: Position of the parts in the whole images.
        settings: Limit of the darkness.
    """
    v, u = coordinates(place, *images.shape[2:])
    stops = torch.zeros(len(images), *images.shape[2:], device=images.device)
    if _only(light.kind) != BACKLIT:
        smooth = light_fields.stops_of(light.field, v, u)
        stops = stops + torch.where(light.kind == BACKLIT, 0.0, smooth)
    if light.backlight is not None:
        back = backlight.stops_of(light.backlight, v, u, luma(images))
        stops = stops + torch.where(light.kind == SMOOTH, 0.0, back)
    return (light.kept * 2 ** -stops.clamp(0, settings.deepest)).unsqueeze(1)


def over(
    night: Night, conditions: Conditions, images: Images, place: Places, settings: UnevenLight
) -> Conditions:
    """Conditions whose exposure is that of each pixel of parts of images."""
    if night.light is None:
        return conditions
    exposure = exposures(night.light, images, place, settings)
    if night.even is not None:
        exposure = torch.where(night.even, conditions.exposure, exposure)
    return conditions._replace(exposure=exposure)


def _only(kind: Each) -> int | None:
    """The kind of light if only one has to be computed: of a single image on a CPU; or else None."""
    return int(kind) if len(kind) == 1 and kind.device.type == "cpu" else None


def coordinates(place: Places, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Pixel centers of parts, as fractions of the whole images: down (b, h, 1), across (b, 1, w)."""
    top, left, tall, wide = place[:, :, None, None].unbind(1)
    rows = (torch.arange(height, device=place.device) + 0.5) / height
    columns = (torch.arange(width, device=place.device) + 0.5) / width
    return top + tall * rows.unsqueeze(-1), left + wide * columns


def taken(
    night: Night,
    images: Images,
    place: Places,
    settings: DarkeningSettings,
    generator: Generator,
    movement: Movement | None = None,
) -> Images:
    """Darkened parts of an image in 8-bit steps; returned unchanged if the night is clean.

    Args:
        night: Night of the image; for batches see ``night_batches``.
        images: Clean parts, sRGB in [0, 1].
        place: Position of the parts in the whole images.
        settings: Settings that the night was drawn from.
        generator: Source of noise and JPEG.
        movement: Movement of the camera.
    """
    conditions = night.conditions
    if conditions is None:
        return images
    conditions = over(night, conditions, images, place, settings.uneven)
    dark = photograph(images, conditions, settings, generator, movement).mul_(255).round_().div_(255)
    if night.light is not None and float(luma(dark).mean()) < settings.uneven.deep_luma:
        uneven = settings.uneven
        settings = settings.model_copy(
            update={"jpeg_share": uneven.deep_jpeg_share, "jpeg_quality": uneven.deep_jpeg_quality}
        )
    return through_jpeg(dark, settings, generator)


def taken_small(
    night: Night,
    small: Images,
    settings: DarkeningSettings,
    generator: Generator,
    *,
    pixels: Tensor,
    movement: Movement | None = None,
) -> Images:
    """Darkened small copies, as if whole images were darkened by ``taken`` and then shrunk.

    Noise is averaged over a cell. The effect of clipping and tone curve on the noise within a cell is the
    mean of two values, one standard deviation above and below.

    Args:
        night: As for a part.
        small: Small copies of the clean images.
        settings: Settings that the night was drawn from.
        generator: Source of the noise.
        pixels: Number of pixels of the whole image in one cell.
        movement: Only its lamps are used: its path is at most a few cells long, and the small copies serve to
            measure the light of large areas.
    """
    conditions = night.conditions
    if conditions is None:
        return small
    whole = torch.zeros(len(small), 4, device=small.device)
    whole[:, 2:] = 1
    conditions = over(night, conditions, small, whole, settings.uneven)
    light = exposed(to_linear(small), conditions)
    if movement is not None:
        light = clipped(lit(light, small, movement), movement, light_of_white(small, conditions))
    light = light + conditions.pedestal * channels(settings.pedestal_tint, small)
    among, within = cell_noise(light, conditions, channels(settings.noise_tint, small), pixels)
    light = light + among * gaussian(light.shape, generator, light)
    ends = to_srgb(torch.cat([light - within, light + within]))
    below, above = fast_power(ends, torch.cat([conditions.contrast] * 2)).chunk(2)
    dark = (below + above) / 2
    return dark if night.clean is None else torch.where(night.clean, small, dark)


def cell_noise(light: Images, conditions: Conditions, tint: Tensor, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Standard deviations of the mean of ``sensor_noise`` over a cell, and of the noise within the cell."""
    deviation2 = (conditions.speckle**2 * light + conditions.shot) * light + conditions.read**2
    weight = conditions.grain
    # Squared sum of the grain kernel relative to its energy, in both directions.
    spread = (1 + 2 * weight) ** 4 / (1 + 2 * weight**2) ** 2
    # Coarse noise is interpolated between nodes; that leaves 2/3 of its variance in each direction.
    fine = (spread / pixels).clamp(max=1)
    coarse = conditions.blotch**2 * (BLOTCH_PIXELS**2 / pixels).clamp(max=4 / 9)
    whole = 1 + 4 / 9 * conditions.blotch**2
    among = deviation2 * (fine + coarse)
    within = deviation2 * (whole - fine - coarse).clamp_min(0)
    return among.sqrt() * tint, within.sqrt() * tint


def darken_whole(images: Images, settings: DarkeningSettings, generator: Generator) -> Images:
    """Darkened whole images, each with its own night; see ``taken``."""
    whole = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    dark = []
    for image in images.split(1):
        night = draw_night(settings, small_copy(image), generator)
        dark.append(taken(night, image, whole, settings, generator))
    return torch.cat(dark)
