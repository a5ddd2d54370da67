"""Real dark and bright pairs, and random crops of them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn.functional import interpolate

from lowlight_cli.datasets.matching import match
from lowlight_cli.tensors import Images, PerImage
from lowlight_cli.training.config import DataSettings
from lowlight_cli.training.image_cache import read_images
from lowlight_cli.training.image_segments import Decoded
from lowlight_cli.training.pool import Origin, draw_one, random_below
from lowlight_cli.training.scenes import Cut


class PairedPhoto(NamedTuple):
    """A dark and a bright picture of one scene, uint8 (6, h, w), dark first."""

    name: str
    pixels: Tensor
    lightness: float
    middle: float
    has_color_cast: bool
    origin: Origin | None = None


class PairCrops(NamedTuple):
    """Crops of pairs, mean luma of the whole dark and bright pictures, wrong colors, and cuts."""

    dark: Images
    bright: Images
    lightness: PerImage
    middle: PerImage
    has_color_cast: Tensor
    cuts: tuple[Cut, ...]


def load_pairs(
    settings: DataSettings, *, smallest: int, log: Callable[[str], None] = lambda _: None
) -> tuple[list[PairedPhoto], list[PairedPhoto]]:
    """Reads all pairs; gives those to train on and those held out.

    Args:
        settings: Where they are.
        smallest: Side of a crop in pixels.
        log: Called with each message.

    Raises:
        UsageError: A folder is missing.
        WeightsError: Some cannot be used; each is named.
    """
    found, faults = [], []
    for place, source in enumerate(settings.pairs):
        matching = match(source.low, source.high, ignored=source.ignored)
        faults += [f"{problem.path}: {problem.message}" for problem in matching.problems]
        if not (matching.partners or matching.problems):
            faults.append(f"no pictures in {source.low} and {source.high}")
        found += [(Origin(place, source.weight), partners) for partners in matching.partners]
    wanted = [(partners.picture, partners.reference or partners.picture) for _, partners in found]
    pictures = read_images(settings, wanted, log, faults, smallest)
    pairs = [
        _pair(partners.name, origin, picture, settings)
        for (origin, partners), picture in zip(found, pictures, strict=True)
    ]
    train = [pair for pair in pairs if stem(pair) not in settings.held_out]
    return train, [pair for pair in pairs if stem(pair) in settings.held_out]


def stem(pair: PairedPhoto) -> str:
    """Name of a pair without its folder."""
    return pair.name.rpartition("/")[2]


def _pair(name: str, origin: Origin, picture: Decoded, settings: DataSettings) -> PairedPhoto:
    lightness, middle = picture.luma
    return PairedPhoto(
        name, picture.pixels, lightness, middle, name.rpartition("/")[2] in settings.cast, origin
    )


def random_pair_crops(pairs: Sequence[PairedPhoto], items: Sequence[Generator], side: int) -> PairCrops:
    """The same random place, sometimes shrunk or mirrored, of a dark and a bright picture for each item."""
    chosen = [draw_one(pairs, item) for item in items]
    taken = [_random_crop(pair.pixels, side, item) for pair, item in zip(chosen, items, strict=True)]
    crops = torch.stack([crop for crop, _ in taken])
    return PairCrops(
        crops[:, :3],
        crops[:, 3:],
        torch.tensor([pair.lightness for pair in chosen]),
        torch.tensor([pair.middle for pair in chosen]),
        torch.tensor([pair.has_color_cast for pair in chosen]),
        tuple(cut for _, cut in taken),
    )


def _random_crop(pixels: Tensor, side: int, generator: Generator) -> tuple[Tensor, Cut]:
    height, width = pixels.shape[1:]
    uniform, size, flip = torch.rand(3, generator=generator).tolist()
    span = side if uniform < 0.7 else round(side + (min(height, width) - side) * size)
    top, left = random_below(height - span + 1, generator), random_below(width - span + 1, generator)
    crop = pixels[None, :, top : top + span, left : left + span].float() / 255
    if span != side:
        crop = interpolate(crop, (side, side), mode="bilinear", antialias=True, align_corners=False)
    image = (crop.flip(3) if flip < 0.5 else crop)[0].clamp(0, 1)
    return image, Cut(pixels, top, left, span, side, flip < 0.5)
