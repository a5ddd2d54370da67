"""Reads well-lit photos to train on, and makes random crops of them."""

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import compress
from operator import not_
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor
from torch.nn.functional import interpolate

from lowlight_cli.counted import counted
from lowlight_cli.datasets.matching import listed
from lowlight_cli.errors import WeightsError
from lowlight_cli.images.junk_names import is_junk_file, is_junk_folder
from lowlight_cli.tensors import ClassMap, Images, PerImage
from lowlight_cli.training.config import DataSettings, Recipe, RunSettings, Source
from lowlight_cli.training.image_cache import LEAVE_OUT, read_images
from lowlight_cli.training.pool import HasOrigin, Origin, Pool, draw_one, random_below
from lowlight_cli.training.run_summary import MADE_FOLDERS, is_training_run
from lowlight_cli.training.scenes import Cut
from lowlight_cli.training.split_record import source_names
from lowlight_cli.training.validation_split import held_out_stems, kept_or_chosen

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
NO_CLASS = 255
NO_VALIDATION = "warning  no validation: {}; give {}"

Item = TypeVar("Item", bound=HasOrigin)


class Photo(NamedTuple):
    """One well-lit image, uint8 (3, h, w), its class map (h', w') or None, its mean luma, and its name."""

    pixels: Tensor
    classes: Tensor | None
    lightness: float
    origin: Origin | None = None
    name: str = ""


class Crops(NamedTuple):
    """Random crops, the mean luma of their whole images, class maps, and cuts."""

    images: Images
    lightness: PerImage
    classes: ClassMap
    cuts: tuple[Cut, ...]


def find_photos(settings: DataSettings, without: frozenset[Path] = frozenset()) -> list[tuple[Origin, Path]]:
    """Files of the photos in a stable order, each with its source.

    Hidden and junk files are left out, and so is what trainings made in a folder of photos.

    Args:
        settings: Data settings.
        without: Resolved paths of files to leave out.

    Raises:
        WeightsError: There are no photos in one of the folders.
    """
    found = [
        (Origin(place, source.weight), path)
        for place, source in enumerate(settings.photos)
        for path in sorted(_photos_below(source.folder))
        if not any(part in str(path) for part in settings.exclude)
        if path.stem not in held_out_stems(settings, source.dataset) and path.resolve() not in without
    ]
    places = {origin.place for origin, _ in found}
    empty = [str(source.folder) for place, source in enumerate(settings.photos) if place not in places]
    if empty or not found:
        raise WeightsError(f"no photos under {', '.join(empty) or '(no folder given)'}")
    return found


def _photos_below(folder: Path) -> Iterator[Path]:
    """Files with an image extension in a folder and its subfolders."""
    made = MADE_FOLDERS if is_training_run(folder) else ()
    for root, folders, files in os.walk(folder):
        here = Path(root)
        folders[:] = [name for name in folders if not (is_junk_folder(name) or is_training_run(here / name))]
        if here == folder:
            folders[:] = [name for name in folders if name not in made]
        for name in files:
            path = here / name
            if path.suffix.lower() in SUFFIXES and not is_junk_file(name):
                yield path


def load_photos(
    settings: DataSettings,
    *,
    smallest: int,
    log: Callable[[str], None] = lambda _: None,
    without: frozenset[Path] = frozenset(),
) -> list[Photo]:
    """Reads all photos whose sides are at least ``smallest``.

    Args:
        settings: Data settings.
        smallest: Side of a crop in pixels.
        log: Called with each message.
        without: Resolved paths of files to leave out.

    Raises:
        WeightsError: Some photos cannot be read (each is named), or all are smaller.
    """
    found = find_photos(settings, without)
    images = read_images(settings, [(path,) for _, path in found], log)
    sources = source_names([source.folder for source in settings.photos])
    photos, small = [], []
    for (origin, path), image in zip(found, images, strict=True):
        if image is None:
            continue
        if min(image.pixels.shape[1:]) < smallest:
            small.append(path)
            continue
        try:
            below = path.relative_to(settings.photos[origin.place].folder).as_posix()
            name = f"{sources[origin.place]}/{below}"
            photos.append(Photo(image.pixels, _class_map(path, settings), image.luma[0], origin, name))
        except WeightsError as error:
            if not settings.skip_broken:
                raise WeightsError(f"{error}; {LEAVE_OUT}") from error
            log(f"warning  left out: {error}")
    if not photos:
        raise WeightsError(f"all photos are smaller than a crop of {smallest}x{smallest} pixels")
    if small:
        names = listed([str(path) for path in small])
        log(f"{counted(len(small), 'photo')} smaller than a crop of {smallest}x{smallest} pixels: {names}")
    return photos


def _class_map(photo: Path, settings: DataSettings) -> Tensor | None:
    """Class map of a photo; None if there is none.

    Raises:
        WeightsError: It cannot be read.
    """
    if (
        settings.labels is None
        or settings.label_root is None
        or not photo.is_relative_to(settings.label_root)
    ):
        return None
    path = settings.labels / photo.relative_to(settings.label_root).with_suffix(".png")
    if not path.exists():
        return None
    try:
        with Image.open(path) as image:
            return torch.from_numpy(np.array(image))
    except (OSError, ValueError) as error:
        raise WeightsError(f"cannot read the class map {path}: {error}") from error


def load_split(
    recipe: Recipe, *, log: Callable[[str], None] = lambda _: None, labeled: bool = False
) -> tuple[Pool[Photo], list[Photo]]:
    """Reads the photos to train on, as a pool, and those to validate on.

    Args:
        recipe: Data settings, and the side of a crop.
        log: Called with each message.
        labeled: Whether to use only photos with a class map.

    Raises:
        WeightsError: Some photos cannot be read, each is named; or there are none to train on.
    """
    data, run = recipe.data, recipe.run
    of_val = data.model_copy(update={"photos": tuple(Source(folder=folder) for folder in data.val)})
    without = frozenset(path.resolve() for _, path in find_photos(of_val)) if data.val else frozenset()
    held_out = load_photos(of_val, smallest=run.crop, log=log) if data.val else []
    photos = load_photos(data, smallest=run.crop, log=log, without=without)
    if labeled:
        photos, held_out = (
            [photo for photo in some if photo.classes is not None] for some in (photos, held_out)
        )
    if not photos:
        raise WeightsError("no photo has a class map: check --labels and --label-root")
    is_held_out = kept_or_chosen([photo.name for photo in photos], data)
    if all(is_held_out):
        raise WeightsError("nothing to train on: all photos are for validation")
    if data.split is not None:
        named = [(f"val:{photo.name}", True) for photo in held_out]
        data.split.note([*named, *zip((photo.name for photo in photos), is_held_out, strict=True)], log)
    held_out += compress(photos, is_held_out)
    train, held_out = overfit_subset(list(compress(photos, map(not_, is_held_out))), held_out, run)
    if not held_out:
        log(NO_VALIDATION.format("no photo is held out", "--val DIR or --val-share 0.1"))
    return train, held_out


def split_text(train: Sequence[Photo], held_out: Sequence[Photo]) -> str:
    """How many photos are trained on and validated on."""
    return f"{counted(len(train), 'photo')}, {counted(len(held_out), 'validation photo')}"


def overfit_subset(
    train: list[Item], held_out: list[Item], settings: RunSettings
) -> tuple[Pool[Item], list[Item]]:
    """The same images, those to train on as a pool.

    With ``run.overfit``, only the first images are trained on, and they are also the ones to validate on.
    """
    few = train[: settings.overfit]
    return Pool(few), held_out if settings.overfit is None else few


def random_crops(photos: Sequence[Photo], items: Sequence[Generator], side: int) -> Crops:
    """One crop of a random photo for each item; half of them are resized, and half are mirrored."""
    taken = [_random_crop(draw_one(photos, item), side, item) for item in items]
    images, lightness, classes, cuts = zip(*taken, strict=True)
    return Crops(torch.stack(images), torch.tensor(lightness), torch.stack(classes), cuts)


def _random_crop(photo: Photo, side: int, generator: Generator) -> tuple[Tensor, float, Tensor, Cut]:
    height, width = photo.pixels.shape[1:]
    uniform, size, flip = torch.rand(3, generator=generator).tolist()
    smallest, largest = side, min(height, width)
    span = side if uniform < 0.5 else round(smallest + (largest - smallest) * size**2)
    top, left = random_below(height - span + 1, generator), random_below(width - span + 1, generator)
    crop = photo.pixels[None, :, top : top + span, left : left + span].float() / 255
    if span != side:
        crop = interpolate(crop, (side, side), mode="bilinear", antialias=True, align_corners=False)
    classes = _crop_classes(photo, (top / height, left / width, span / height, span / width), side)
    if flip < 0.5:
        crop, classes = crop.flip(3), classes.flip(1)
    return crop[0].clamp(0, 1), photo.lightness, classes, Cut(photo.pixels, top, left, span, side, flip < 0.5)


def _crop_classes(photo: Photo, box: tuple[float, float, float, float], side: int) -> Tensor:
    if photo.classes is None:
        return torch.full((side // 8, side // 8), NO_CLASS, dtype=torch.int64)
    height, width = photo.classes.shape
    top, left, tall, wide = box
    rows = slice(int(top * height), max(int((top + tall) * height), int(top * height) + 1))
    columns = slice(int(left * width), max(int((left + wide) * width), int(left * width) + 1))
    part = photo.classes[rows, columns][None, None].float()
    return interpolate(part, (side // 8, side // 8), mode="nearest-exact")[0, 0].long()
