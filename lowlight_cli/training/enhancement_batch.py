"""Makes batches for stage II on the CPU, from real pairs and darkened photos."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from lowlight_cli.datasets.blur import draw_movement
from lowlight_cli.datasets.config import BlurSettings, DarkeningSettings
from lowlight_cli.datasets.darken import photograph_again
from lowlight_cli.layers.exposure import luma
from lowlight_cli.models.control_targets import ControlWeights, controlled, like_reference, textured, toned
from lowlight_cli.models.interface import Observation
from lowlight_cli.models.lifting import LiftSettings, facts_of_crops
from lowlight_cli.tensors import Images, PerImage, Places
from lowlight_cli.training.dark_views import dark_view
from lowlight_cli.training.data_sources import Sources, random_pair_crops
from lowlight_cli.training.photos import random_crops
from lowlight_cli.training.rng import ItemRngs
from lowlight_cli.training.scenes import whole_scene


class Mix(NamedTuple):
    """Composition of a batch: size, side of a crop, shares of pairs, of set controls and of references."""

    size: int
    side: int
    real: float
    with_controls: float
    referenced: float


class EnhancementBatch(NamedTuple):
    """Crops of dark images, their targets, and what is known of the whole images.

    ``bright`` is the reference of the dark image, and ``target`` the reference after controls and the look of
    ``reference`` are applied. ``color`` is 1 for images whose colors can be learned, and 0 if only lightness
    can, (b, 1, 1, 1). ``view`` is a small copy of the whole dark images, (b, 3, 64, 64); ``place`` is the
    place of the crops in them: top, left, height and width as shares of the whole, (b, 4).
    """

    dark: Images
    bright: Images
    target: Images
    lightness: PerImage
    weights: ControlWeights
    reference: Images | None
    color: Tensor
    view: Images
    place: Places

    def facts(self, settings: LiftSettings) -> Observation:
        """The observation of the whole dark images for a model with these settings."""
        return facts_of_crops(settings, self.dark, self.view, self.place)

    def to(self, device: torch.device) -> "EnhancementBatch":
        """The batch on another device, images in channels-last layout."""
        last = torch.channels_last
        return EnhancementBatch(
            self.dark.to(device, memory_format=last),
            self.bright.to(device, memory_format=last),
            self.target.to(device, memory_format=last),
            self.lightness.to(device),
            ControlWeights(*(weight.to(device) for weight in self.weights)),
            None if self.reference is None else self.reference.to(device, memory_format=last),
            self.color.to(device),
            self.view.to(device, memory_format=last),
            self.place.to(device),
        )


def enhancement_batch(sources: Sources, mix: Mix, item_rngs: ItemRngs) -> EnhancementBatch:
    """Draws a part of a batch; without pairs, all items are darkened photos, and the other way round."""
    first_real = first_real_of(sources, mix)
    photo_items = [
        item for place, item in zip(item_rngs.places, item_rngs.items, strict=True) if place < first_real
    ]
    pair_items = item_rngs.items[len(photo_items) :]
    parts = []
    if photo_items:
        parts.append(_darkened(sources, mix, photo_items))
    if pair_items:
        parts.append(_real(sources, mix, pair_items))
    dark, bright, lightness, middle, color, view, place = (
        torch.cat(values) for values in zip(*parts, strict=True)
    )

    reference = None
    enhanced = bright
    if sources.photos and float(torch.rand((), generator=item_rngs.shared)) < mix.referenced:
        reference = random_crops(sources.photos, item_rngs.items, mix.side).images
        enhanced = like_reference(bright, reference)
    weights = random_controls(mix.with_controls, item_rngs.items)
    target = toned(_textured_where_set(enhanced, weights.texture), weights, middle)
    color = color.view(-1, 1, 1, 1)
    return EnhancementBatch(dark, bright, target, lightness, weights, reference, color, view, place)


def first_real_of(sources: Sources, mix: Mix) -> int:
    """Index in the whole batch of the first item that is a real pair."""
    return mix.size - (round(mix.size * mix.real) if sources.pairs else 0) if sources.photos else 0


def texture_target(batch: EnhancementBatch) -> Images:
    """The references with the texture control applied, and no other control."""
    one = torch.ones_like(batch.weights.texture)
    weights = batch.weights._replace(contrast=one, brightness=one)
    return controlled(batch.bright, weights, batch.lightness)


def _textured_where_set(images: Images, texture: Tensor) -> Images:
    """See ``textured``; applied only to images whose control is set, to save time."""
    is_set = texture.flatten() != 1
    result = images.clone()
    if is_set.any():
        result[is_set] = textured(images[is_set], texture[is_set])
    return result


def gray_where_color_cast(images: Images, color: Tensor) -> Images:
    """Images with a color cast as gray images; the others unchanged."""
    return color * images + (1 - color) * luma(images).unsqueeze(1)


def random_controls(share: float, items: Sequence[Generator]) -> ControlWeights:
    """Controls of 1, except for a share of the images with random controls from 0 to 2."""
    drawn = torch.stack([torch.rand(4, generator=item) for item in items], dim=1)
    values = torch.where(drawn[0] < share, 2 * drawn[1:], torch.ones(()))
    return ControlWeights(*values.view(3, len(items), 1, 1, 1))


class Items(NamedTuple):
    """Items of one kind; see ``EnhancementBatch``. ``middle`` is the mean luma of the whole references."""

    dark: Images
    bright: Images
    lightness: PerImage
    middle: PerImage
    color: PerImage
    view: Images
    place: Places


def _darkened(sources: Sources, mix: Mix, items: Sequence[Generator]) -> Items:
    crops, gains = random_crops(sources.photos, items, mix.side), None
    if sources.photo_gain is not None:
        draws = [float(torch.randn((), generator=item)) for item in items]
        gains = torch.tensor([sources.photo_gain.at(draw) for draw in draws])
    dark = dark_view(crops, sources.darkening, items, sources.blur, gains)
    color, bright = torch.ones(len(items)), dark.bright
    return Items(dark.images, bright.images, dark.lightness, bright.lightness, color, dark.view, dark.place)


def _real(sources: Sources, mix: Mix, items: Sequence[Generator]) -> Items:
    pairs = random_pair_crops(sources.pairs, items, mix.side)
    dark = pairs.dark
    if sources.blur is not None:
        each = zip(dark.split(1), items, strict=True)
        dark = torch.cat([_blurred(image, item, sources.blur, sources.darkening) for image, item in each])
    scenes = [whole_scene(cut._replace(pixels=cut.pixels[:3])) for cut in pairs.cuts]
    view, place = torch.cat([scene.small for scene in scenes]), torch.cat([scene.place for scene in scenes])
    color = (~pairs.has_color_cast).float()
    return Items(dark, pairs.bright, pairs.lightness, pairs.middle, color, view, place)


def _blurred(dark: Images, item: Generator, blur: BlurSettings, darkening: DarkeningSettings) -> Images:
    movement = draw_movement(blur, item)
    return dark if movement is None else photograph_again(dark, movement, darkening, item)
