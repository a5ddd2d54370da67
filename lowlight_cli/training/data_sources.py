"""Reads the images to train on: photos and real pairs, split into training and validation."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn.functional import interpolate

from lowlight_cli.counted import counted
from lowlight_cli.datasets.catalog import DATASETS
from lowlight_cli.datasets.config import BlurSettings, DarkeningSettings, Spread
from lowlight_cli.datasets.matching import Partners, match
from lowlight_cli.errors import WeightsError
from lowlight_cli.tensors import Images, PerImage
from lowlight_cli.training.config import DataSettings, PairSource, Recipe, as_pairs
from lowlight_cli.training.image_cache import Files, read_images
from lowlight_cli.training.image_segments import Decoded
from lowlight_cli.training.photos import NO_VALIDATION, Photo, load_photos, overfit_subset
from lowlight_cli.training.pool import Origin, draw_one, random_below
from lowlight_cli.training.scenes import Cut
from lowlight_cli.training.split_record import source_names
from lowlight_cli.training.validation_split import held_out_names


class PairedPhoto(NamedTuple):
    """A dark image and its reference, uint8 (6, h, w), dark first, and the mean luma of both."""

    name: str
    pixels: Tensor
    lightness: float
    middle: float
    has_color_cast: bool
    origin: Origin | None = None


class PairCrops(NamedTuple):
    """Crops of pairs, mean luma of the whole dark and reference images, color casts, and cuts."""

    dark: Images
    bright: Images
    lightness: PerImage
    middle: PerImage
    has_color_cast: Tensor
    cuts: tuple[Cut, ...]


class Sources(NamedTuple):
    """Images that batches are drawn from, and how photos are darkened and blurred (None for not at all).

    ``photo_gain`` is the gain of the curve that photos get before, and that their references keep; None for
    none.
    """

    photos: Sequence[Photo]
    pairs: Sequence[PairedPhoto]
    darkening: DarkeningSettings
    blur: BlurSettings | None = None
    photo_gain: Spread | None = None

    def text(self, held_out: Sequence[PairedPhoto] | None = None) -> str:
        """How many images there are, with those to validate on if the recipe does."""
        parts = [counted(len(self.photos), "photo"), counted(len(self.pairs), "pair")]
        return ", ".join([*parts, *([] if held_out is None else [counted(len(held_out), "validation pair")])])


class FoundPairs(NamedTuple):
    """Files of pairs, which of them are for validation, what is wrong with others, and names of the pairs.

    The origin of a pair from a folder for validation is None.
    """

    partners: list[tuple[Origin | None, Partners]]
    is_held_out: list[bool]
    problems: list[str]
    names: list[str]

    @property
    def held_out_files(self) -> frozenset[Path]:
        """Resolved paths of the files of pairs for validation."""
        return frozenset(
            path.resolve()
            for (_, partners), is_held_out in zip(self.partners, self.is_held_out, strict=True)
            if is_held_out
            for path in _files(partners)
        )


def load_sources(
    recipe: Recipe,
    darkening: DarkeningSettings,
    *,
    log: Callable[[str], None] = lambda _: None,
    with_color_casts: bool = True,
    validates: bool = True,
) -> tuple[Sources, list[PairedPhoto]]:
    """Reads images to train on, and pairs to validate on.

    Files of validation pairs are not trained on as photos.

    Args:
        recipe: Data settings, and the side of a crop.
        darkening: How photos are darkened.
        log: Called with each message.
        with_color_casts: Whether to train on pairs whose reference has a color cast, too.
        validates: Whether the recipe validates, so that a run without pairs for it gets a warning.

    Raises:
        UsageError: A folder is missing.
        WeightsError: Some images cannot be used, each is named; or there is nothing to train on.
    """
    data, run = recipe.data, recipe.run
    found = find_pairs(data)
    without = found.held_out_files
    photos = load_photos(data, smallest=run.crop, log=log, without=without) if data.photos else []
    train, held_out = read_pairs(data, found, smallest=run.crop, log=log)
    if not with_color_casts:
        train = [pair for pair in train if not pair.has_color_cast]
    if not (photos or train):
        raise WeightsError("nothing to train on: all pairs are for validation or have a color cast")
    if data.split is not None:
        named = [(photo.name, False) for photo in photos]
        data.split.note([*named, *zip(found.names, found.is_held_out, strict=True)], log)
    photos, _ = overfit_subset(photos, [], run)
    train, held_out = overfit_subset(train, held_out, run)
    if validates and not held_out:
        log(_without_validation(has_pairs=bool(found.partners)))
    return Sources(photos, train, darkening), held_out


def _without_validation(*, has_pairs: bool) -> str:
    """Why a recipe that validates on pairs does not, and what to give it."""
    folder = "--val DIR with low/ and high/"
    if has_pairs:
        return NO_VALIDATION.format("no pair is held out", f"{folder}, or --val-share 0.1")
    return NO_VALIDATION.format("there are no pairs to validate on", f"--pairs DIR, or {folder}")


def load_pairs(
    settings: DataSettings, *, smallest: int, log: Callable[[str], None] = lambda _: None
) -> tuple[list[PairedPhoto], list[PairedPhoto]]:
    """Reads all pairs; see ``find_pairs`` and ``read_pairs``."""
    return read_pairs(settings, find_pairs(settings), smallest=smallest, log=log)


def find_pairs(settings: DataSettings) -> FoundPairs:
    """Finds the files of all pairs, and splits them into training and validation.

    Raises:
        UsageError: A folder is missing.
    """
    found = FoundPairs([], [], [], [])
    for source_name, folder in zip(source_names(settings.val), settings.val, strict=True):
        matching = _matched(as_pairs(folder), found.problems)
        found.names.extend(f"val:{source_name}/{partners.name}" for partners in matching)
        found.partners.extend((None, partners) for partners in matching)
        found.is_held_out.extend(True for _ in matching)
    for_validation = found.held_out_files
    sources = source_names([source.low.parent for source in settings.pairs])
    for place, source in enumerate(settings.pairs):
        matching = [
            partners
            for partners in _matched(source, found.problems)
            if not any(path.resolve() in for_validation for path in _files(partners))
        ]
        names = [f"{sources[place]}/{partners.name}" for partners in matching]
        found.names.extend(names)
        found.partners.extend((Origin(place, source.weight), partners) for partners in matching)
        found.is_held_out.extend(held_out_names(names, settings, source.dataset))
    return found


def _matched(source: PairSource, problems: list[str]) -> Sequence[Partners]:
    """Pairs of a source; adds what is wrong with others to ``problems``."""
    matching = match(source.low, source.high, ignored=source.ignored)
    problems.extend(f"{problem.path}: {problem.message}" for problem in matching.problems)
    if not (matching.partners or matching.problems):
        problems.append(f"no images in {source.low} and {source.high}")
    return matching.partners


def _files(partners: Partners) -> Files:
    return (partners.picture, partners.reference or partners.picture)


def read_pairs(
    settings: DataSettings,
    found: FoundPairs,
    *,
    smallest: int,
    log: Callable[[str], None] = lambda _: None,
) -> tuple[list[PairedPhoto], list[PairedPhoto]]:
    """Reads pairs; returns those to train on and those to validate on.

    Args:
        settings: Data settings.
        found: Files of the pairs.
        smallest: Side of a crop in pixels.
        log: Called with each message.

    Raises:
        WeightsError: Some pairs cannot be used; each is named.
    """
    files = [_files(partners) for _, partners in found.partners]
    images = read_images(settings, files, log, found.problems, smallest)
    train: list[PairedPhoto] = []
    held_out: list[PairedPhoto] = []
    for (origin, partners), is_held_out, image in zip(found.partners, found.is_held_out, images, strict=True):
        if image is not None:
            (held_out if is_held_out else train).append(_pair(partners.name, origin, image, settings))
    return train, held_out


def stem(name: str) -> str:
    """The last part of the name of a pair."""
    return name.rpartition("/")[2]


def _pair(name: str, origin: Origin | None, image: Decoded, settings: DataSettings) -> PairedPhoto:
    lightness, middle = image.luma
    stems, dataset = settings.cast, None if origin is None else settings.pairs[origin.place].dataset
    if stems is None:
        stems = () if dataset is None else DATASETS[dataset].color_cast
    return PairedPhoto(name, image.pixels, lightness, middle, stem(name) in stems, origin)


def random_pair_crops(pairs: Sequence[PairedPhoto], items: Sequence[Generator], side: int) -> PairCrops:
    """One crop of a random pair for each item, at the same place in both images, some shrunk or mirrored."""
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
