"""Darkens well-lit crops, together with a small copy of the whole image."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Generator

from lowlight_cli.datasets.blur import draw_movement
from lowlight_cli.datasets.config import BlurSettings, DarkeningSettings
from lowlight_cli.datasets.nights import draw_night, taken, taken_small
from lowlight_cli.layers.exposure import lift, lift_lightness, mean_luma
from lowlight_cli.tensors import Images, PerImage, Places
from lowlight_cli.training.photos import Crops
from lowlight_cli.training.scenes import Cut, random_scene, second_generator


class DarkView(NamedTuple):
    """Darkened crops, and facts of the whole darkened images.

    ``bright`` are the clean crops, with gains if there are any. ``lightness`` is the mean luma of the whole
    darkened image, ``view`` a small copy of it, ``place`` the place of the crop in it.
    """

    images: Images
    bright: Crops
    lightness: PerImage
    view: Images
    place: Places


def dark_view(
    crops: Crops,
    settings: DarkeningSettings,
    items: Sequence[Generator],
    blur: BlurSettings | None = None,
    gains: PerImage | None = None,
) -> DarkView:
    """Darkens crops with the generators of their items, and blurs some of them if settings are given.

    ``gains`` are those of the curve of ``lift``, which photos get before they are darkened. A photo under
    uneven light keeps a gain of 1: dimmer references would teach to leave the unlit part dark.

    Even light scales encoded values nearly evenly (the response is close to a power), so the whole image's
    mean relates to that of the crop as before. With uneven light, it is that of the small copy.
    """
    nights = [
        _at_night(image, cut, settings, item, blur, gain)
        for image, cut, item, gain in zip(
            crops.images.split(1),
            crops.cuts,
            items,
            [None] * len(items) if gains is None else gains.split(1),
            strict=True,
        )
    ]
    dark, view, places = (torch.cat(each) for each in list(zip(*nights, strict=True))[:3])
    bright = crops if gains is None else _with_gains(crops, torch.cat([night.gain for night in nights]))
    if settings.clean_share or settings.uneven_share:
        lightness = mean_luma(view)
    else:
        ratio = bright.lightness / mean_luma(bright.images).clamp_min(0.02)
        lightness = mean_luma(dark) * ratio.clamp(0.25, 4)
    return DarkView(dark, bright, lightness, view, places)


def _with_gains(crops: Crops, gains: PerImage) -> Crops:
    """Crops after the curve of ``lift``; the mean luma of whole images is that of the curve at their mean."""
    lightness = lift_lightness(crops.lightness, gains)
    return crops._replace(images=lift(crops.images, gains), lightness=lightness)


class _AtNight(NamedTuple):
    """A darkened crop, a small copy of the image around it, its place there, and its gain before."""

    dark: Images
    view: Images
    place: Places
    gain: PerImage


def _at_night(
    image: Images,
    cut: Cut,
    settings: DarkeningSettings,
    item: Generator,
    blur: BlurSettings | None,
    gain: PerImage | None,
) -> _AtNight:
    """A crop and the small copy of the image around it, darkened with the same parameters."""
    other = second_generator(item)
    scene = random_scene(cut, other)
    movement = None if blur is None else draw_movement(blur, item)
    night = draw_night(settings, scene.small, item)
    if gain is None or night.light is not None:
        gain = torch.ones(1)
    else:
        image, scene = lift(image, gain), scene._replace(small=lift(scene.small, gain))
    dark = taken(night, image, scene.place, settings, item, movement)
    view = taken_small(night, scene.small, settings, other, pixels=scene.pixels, movement=movement)
    return _AtNight(dark, view, scene.place, gain)
