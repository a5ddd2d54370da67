"""Training pictures kept in memory, and random crops of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor
from torch.nn.functional import interpolate

from lowlight_cli.errors import ImageError, WeightsError
from lowlight_cli.images.decode import decode
from lowlight_cli.layers.exposure import mean_luma
from lowlight_cli.tensors import ClassMap, Images, PerImage
from lowlight_cli.training.config import DataSettings, RunSettings

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
NO_CLASS = 255
VALIDATION_EVERY = 10

Item = TypeVar("Item")


class Photo(NamedTuple):
    """One well-lit picture, uint8 (3, h, w), with its class map (h', w') where there is one."""

    pixels: Tensor
    classes: Tensor | None
    lightness: float


class Crops(NamedTuple):
    """Random crops, the mean luma of the whole pictures they are from, and their class maps."""

    images: Images
    lightness: PerImage
    classes: ClassMap


def find_photos(settings: DataSettings) -> list[Path]:
    """Photos of the data settings in a stable order.

    Raises:
        WeightsError: There is none.
    """
    found = sorted(
        path
        for root in settings.photos
        for path in root.rglob("*")
        if path.suffix.lower() in SUFFIXES and not any(part in str(path) for part in settings.exclude)
        if path.stem not in settings.held_out
    )
    if not found:
        raise WeightsError(f"no photos under {', '.join(map(str, settings.photos)) or '(no folder given)'}")
    return found


def load_photos(settings: DataSettings, *, smallest: int) -> list[Photo]:
    """Reads all photos whose sides are at least ``smallest`` into memory.

    Raises:
        WeightsError: Some cannot be read, and each is named; or all are smaller.
    """
    photos, faults = [], []
    for path in find_photos(settings):
        try:
            pixels = read_pixels(path)
        except WeightsError as error:
            faults.append(str(error))
            continue
        if min(pixels.shape[1:]) >= smallest:
            lightness = float(mean_luma(pixels[None, :, ::4, ::4].float())) / 255
            photos.append(Photo(pixels, _class_map(path, settings), lightness))
    if faults:
        raise WeightsError("; ".join(faults))
    if not photos:
        raise WeightsError(f"all photos are smaller than a crop of {smallest}x{smallest} pixels")
    return photos


def _class_map(photo: Path, settings: DataSettings) -> Tensor | None:
    if settings.labels is None or settings.label_root is None:
        return None
    path = settings.labels / photo.relative_to(settings.label_root).with_suffix(".png")
    return torch.from_numpy(np.array(Image.open(path))) if path.exists() else None


def read_pixels(path: Path) -> Tensor:
    """Picture of a file as uint8 (3, h, w), upright.

    Raises:
        WeightsError: It cannot be read.
    """
    try:
        pixels = decode(path).pixels
    except ImageError as error:
        raise WeightsError(f"cannot train on {path}: {error}") from error
    if pixels.dtype == np.uint16:
        pixels = (pixels / 257).round().astype(np.uint8)
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def every_tenth_apart(photos: list[Photo]) -> tuple[list[Photo], list[Photo]]:
    """Photos to train on, and every tenth for validation; none of fewer than ten."""
    if len(photos) < VALIDATION_EVERY:
        return photos, []
    train = [photo for index, photo in enumerate(photos) if index % VALIDATION_EVERY]
    return train, photos[::VALIDATION_EVERY]


def few_of(train: list[Item], held_out: list[Item], settings: RunSettings) -> tuple[list[Item], list[Item]]:
    """The same pictures; where overfitting is asked for, a few to train on and those for validation, too."""
    few = train[: settings.overfit]
    return few, held_out if settings.overfit is None else few


def random_crops(photos: Sequence[Photo], items: Sequence[Generator], side: int) -> Crops:
    """Crops of randomly chosen, randomly shrunk (half of them) and mirrored photos, one for each item."""
    taken = [_random_crop(photos[random_below(len(photos), item)], side, item) for item in items]
    images, lightness, classes = zip(*taken, strict=True)
    return Crops(torch.stack(images), torch.tensor(lightness), torch.stack(classes))


def random_below(limit: int, generator: Generator) -> int:
    """Random whole number from 0 up to, not including, ``limit``."""
    return int(torch.randint(limit, (), generator=generator))


def _random_crop(photo: Photo, side: int, generator: Generator) -> tuple[Tensor, float, Tensor]:
    height, width = photo.pixels.shape[1:]
    chance, size, flip = torch.rand(3, generator=generator).tolist()
    smallest, largest = side, min(height, width)
    span = side if chance < 0.5 else round(smallest + (largest - smallest) * size**2)
    top, left = random_below(height - span + 1, generator), random_below(width - span + 1, generator)
    crop = photo.pixels[None, :, top : top + span, left : left + span].float() / 255
    if span != side:
        crop = interpolate(crop, (side, side), mode="bilinear", antialias=True, align_corners=False)
    classes = _crop_classes(photo, (top / height, left / width, span / height, span / width), side)
    if flip < 0.5:
        crop, classes = crop.flip(3), classes.flip(1)
    return crop[0].clamp(0, 1), photo.lightness, classes


def _crop_classes(photo: Photo, box: tuple[float, float, float, float], side: int) -> Tensor:
    if photo.classes is None:
        return torch.full((side // 8, side // 8), NO_CLASS, dtype=torch.int64)
    height, width = photo.classes.shape
    top, left, tall, wide = box
    rows = slice(int(top * height), max(int((top + tall) * height), int(top * height) + 1))
    columns = slice(int(left * width), max(int((left + wide) * width), int(left * width) + 1))
    part = photo.classes[rows, columns][None, None].float()
    return interpolate(part, (side // 8, side // 8), mode="nearest-exact")[0, 0].long()
