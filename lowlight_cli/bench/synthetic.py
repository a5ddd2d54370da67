"""Makes dark photos, for a measurement without photos.

A file of its own, because benchmarks make photos, too, without measuring through `lle bench`.
"""

import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from lowlight_cli.bench.request import PhotoSet

_DIFFERENT = 8
"""Number of different photos; the others are links to their files."""

_NOISE = 3.0
"""Standard deviation of the noise, which makes them as costly to decode as photos."""

_QUALITY = 92
_ROWS = 512
"""Rows made at a time, as each takes four times the memory of its pixels."""


def make_photos(folder: Path, photos: PhotoSet) -> None:
    """Writes dark, noisy JPEG files, the same in each call.

    Args:
        folder: A new folder for them.
        photos: How many, and their size.
    """
    folder.mkdir()
    for number in range(photos.count):
        path = folder / f"{number:07}.jpg"
        if number < _DIFFERENT:
            _dark_photo(photos, number).save(path, quality=_QUALITY)
        else:
            _link(folder / f"{number % _DIFFERENT:07}.jpg", path)


def _dark_photo(photos: PhotoSet, seed: int) -> Image.Image:
    rng, width, height = np.random.default_rng(seed), photos.width, photos.height
    across = np.linspace(0, 40, width, dtype=np.float32)[None, :, None]
    down = np.linspace(0, 20, height, dtype=np.float32)[:, None, None]
    pixels = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _ROWS):
        part = pixels[top : top + _ROWS]
        noise = rng.standard_normal(part.shape, np.float32) * np.float32(_NOISE)
        part[:] = (across + down[top : top + _ROWS] + noise).clip(0, 255)
    return Image.fromarray(pixels)


def _link(source: Path, path: Path) -> None:
    try:
        os.link(source, path)
    except OSError:  # a disk without links
        shutil.copyfile(source, path)
