"""Real dark and bright pairs kept in memory, and random crops of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn.functional import interpolate

from lowlight_cli.datasets.paired import find_pairs
from lowlight_cli.errors import WeightsError
from lowlight_cli.layers.exposure import mean_luma
from lowlight_cli.tensors import Images, PerImage
from lowlight_cli.training.config import DataSettings
from lowlight_cli.training.pictures import random_below, read_pixels


class PairedPhoto(NamedTuple):
    """A dark and a bright picture of one scene, uint8 (6, h, w), dark first."""

    name: str
    pixels: Tensor
    lightness: float
    middle: float
    has_cast: bool


class PairCrops(NamedTuple):
    """Crops of pairs, mean luma of the whole dark and bright pictures, whether colours are wrong."""

    dark: Images
    bright: Images
    lightness: PerImage
    middle: PerImage
    has_cast: Tensor


def load_pairs(settings: DataSettings, *, smallest: int) -> tuple[list[PairedPhoto], list[PairedPhoto]]:
    """Reads all pairs; gives those to train on and those held out.

    Raises:
        WeightsError: Some cannot be used; each is named.
    """
    found = [pair for root in settings.pairs for pair in find_pairs(root / "low", root / "high")]
    pairs, faults = [], []
    for pair in found:
        try:
            pairs.append(_read(pair.name, pair.low, pair.high, settings, smallest))
        except WeightsError as error:
            faults.append(str(error))
    if faults:
        raise WeightsError("; ".join(faults))
    train = [pair for pair in pairs if pair.name not in settings.held_out]
    return train, [pair for pair in pairs if pair.name in settings.held_out]


def _read(name: str, low: Path, high: Path, settings: DataSettings, smallest: int) -> PairedPhoto:
    dark, bright = read_pixels(low), read_pixels(high)
    if min(dark.shape[1:]) < smallest:
        raise WeightsError(f"{low} is smaller than a crop of {smallest}x{smallest} pixels")
    lightness, middle = (float(mean_luma(picture[None].float() / 255)) for picture in (dark, bright))
    return PairedPhoto(name, torch.cat([dark, bright]), lightness, middle, name in settings.cast)


def random_pair_crops(pairs: Sequence[PairedPhoto], items: Sequence[Generator], side: int) -> PairCrops:
    """The same random place, sometimes shrunk or mirrored, of a dark and a bright picture for each item."""
    chosen = [pairs[random_below(len(pairs), item)] for item in items]
    crops = torch.stack(
        [_random_crop(pair.pixels, side, item) for pair, item in zip(chosen, items, strict=True)]
    )
    return PairCrops(
        crops[:, :3],
        crops[:, 3:],
        torch.tensor([pair.lightness for pair in chosen]),
        torch.tensor([pair.middle for pair in chosen]),
        torch.tensor([pair.has_cast for pair in chosen]),
    )


def _random_crop(pixels: Tensor, side: int, generator: Generator) -> Tensor:
    height, width = pixels.shape[1:]
    chance, size, flip = torch.rand(3, generator=generator).tolist()
    span = side if chance < 0.7 else round(side + (min(height, width) - side) * size)
    top, left = random_below(height - span + 1, generator), random_below(width - span + 1, generator)
    crop = pixels[None, :, top : top + span, left : left + span].float() / 255
    if span != side:
        crop = interpolate(crop, (side, side), mode="bilinear", antialias=True, align_corners=False)
    return (crop.flip(3) if flip < 0.5 else crop)[0].clamp(0, 1)
