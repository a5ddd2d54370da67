"""Batches for stage II: real pairs beside darkened photos, with what is known and asked of each."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lowlight_cli.datasets.config import DarkeningSettings
from lowlight_cli.models.codeenhance.feature_transform import ControlWeights
from lowlight_cli.tensors import Images, PerImage
from lowlight_cli.training.look import controlled, like_reference
from lowlight_cli.training.pairs import PairedPhoto, random_pair_crops
from lowlight_cli.training.pictures import Photo, random_crops
from lowlight_cli.training.views import dark_view


class Sources(NamedTuple):
    """Where batches come from."""

    photos: Sequence[Photo]
    pairs: Sequence[PairedPhoto]
    darkening: DarkeningSettings
    order: torch.Generator


class Mix(NamedTuple):
    """Make-up of a batch: size, side of a crop, shares of real pairs, turned controls and references."""

    size: int
    side: int
    real: float
    turned: float
    referenced: float


class EnhancementBatch(NamedTuple):
    """Dark pictures, what they should become, and on what terms.

    ``bright`` is the plain partner, ``target`` what controls and reference make of it. ``colour`` is 1
    where colours can be learned and 0 where only lightness can, (b, 1, 1, 1).
    """

    dark: Images
    bright: Images
    target: Images
    lightness: PerImage
    weights: ControlWeights
    reference: Images | None
    colour: Tensor

    def to(self, device: torch.device) -> "EnhancementBatch":
        """The batch on another device, pictures channels last."""
        last = torch.channels_last
        return EnhancementBatch(
            self.dark.to(device, memory_format=last),
            self.bright.to(device, memory_format=last),
            self.target.to(device, memory_format=last),
            self.lightness.to(device),
            ControlWeights(*(weight.to(device) for weight in self.weights)),
            None if self.reference is None else self.reference.to(device, memory_format=last),
            self.colour.to(device),
        )


def enhancement_batch(sources: Sources, mix: Mix) -> EnhancementBatch:
    """Draws a batch; without pairs all of it is darkened photos."""
    order = sources.order
    real = round(mix.size * mix.real) if sources.pairs else 0
    crops = random_crops(sources.photos, mix.size - real, mix.side, order)
    view = dark_view(crops, sources.darkening, order)
    dark, bright, lightness, middle = view.images, crops.images, view.lightness, crops.lightness
    colour = torch.ones(mix.size)
    if real:
        pairs = random_pair_crops(sources.pairs, real, mix.side, order)
        dark, bright = torch.cat([dark, pairs.dark]), torch.cat([bright, pairs.bright])
        lightness, middle = torch.cat([lightness, pairs.lightness]), torch.cat([middle, pairs.middle])
        colour[-real:] = (~pairs.has_cast).float()

    reference = None
    wanted = bright
    if float(torch.rand((), generator=order)) < mix.referenced:
        reference = random_crops(sources.photos, mix.size, mix.side, order).images
        wanted = like_reference(bright, reference)
    weights = random_controls(mix.size, mix.turned, order)
    target = controlled(wanted, weights, middle)
    return EnhancementBatch(dark, bright, target, lightness, weights, reference, colour.view(-1, 1, 1, 1))


def random_controls(count: int, share: float, order: torch.Generator) -> ControlWeights:
    """Controls of 1, except for a share of the pictures where each is drawn from 0 to 2."""
    turned = torch.rand(count, generator=order) < share
    drawn = torch.rand(3, count, generator=order) * 2
    values = torch.where(turned, drawn, torch.ones(())).view(3, count, 1, 1, 1)
    return ControlWeights(*values)
