"""Darkens well-lit crops, together with a small copy of the whole image."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Generator

from lowlight_cli.datasets.blur import draw_movement
from lowlight_cli.datasets.config import BlurSettings, DarkeningSettings
from lowlight_cli.datasets.nights import draw_night, taken, taken_small
from lowlight_cli.layers.exposure import lift, mean_luma
from lowlight_cli.tensors import Images, PerImage, Places
from lowlight_cli.training.photos import Crops
from lowlight_cli.training.scenes import Cut, random_scene, second_generator


class DarkView(NamedTuple):
    """Darkened crops, and facts of the whole darkened images.

    ``lightness`` is the mean luma of the whole, ``view`` a small copy, ``place`` the place of the crop in it.
    """

    images: Images
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

    ``gains`` are those that the crops already have from ``lift``, and the images around them not yet.

    Even light scales encoded values nearly evenly (the response is close to a power), so the whole image's
    mean relates to that of the crop as before. With uneven light, it is that of the small copy.
    """
    images, views, places = zip(
        *(
            _at_night(image, cut, settings, item, blur, gain)
            for image, cut, item, gain in zip(
                crops.images.split(1),
                crops.cuts,
                items,
                [None] * len(items) if gains is None else gains.split(1),
                strict=True,
            )
        ),
        strict=True,
    )
    dark, view = torch.cat(images), torch.cat(views)
    if settings.clean_share or settings.uneven_share:
        lightness = mean_luma(view)
    else:
        ratio = crops.lightness / mean_luma(crops.images).clamp_min(0.02)
        lightness = mean_luma(dark) * ratio.clamp(0.25, 4)
    return DarkView(dark, lightness, view, torch.cat(places))


def _at_night(
    image: Images,
    cut: Cut,
    settings: DarkeningSettings,
    item: Generator,
    blur: BlurSettings | None,
    gain: PerImage | None,
) -> tuple[Images, Images, Places]:
    """A crop and the small copy of the image around it, darkened with the same parameters."""
    other = second_generator(item)
    scene = random_scene(cut, other)
    if gain is not None:
        scene = scene._replace(small=lift(scene.small, gain))
    movement = None if blur is None else draw_movement(blur, item)
    night = draw_night(settings, scene.small, item)
    dark = taken(night, image, scene.place, settings, item, movement)
    view = taken_small(night, scene.small, settings, other, pixels=scene.pixels, movement=movement)
    return dark, view, scene.place
