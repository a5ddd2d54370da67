"""Reads and writes segments of the image cache: a file of pixels, and an index of the images in it."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import torch
from torch import Tensor

from lowlight_cli.images.replace import TEMPORARY_MARK, replace_file
from lowlight_cli.layers.exposure import LUMA

VERSION = 1


class Decoded(NamedTuple):
    """Images of one size, uint8 (3 n, h, w), and the mean of each channel in [0, 1]."""

    pixels: Tensor
    means: tuple[float, ...]

    @property
    def luma(self) -> list[float]:
        """Mean BT.601 luma of each image."""
        weighted = [mean * LUMA[place % 3] for place, mean in enumerate(self.means)]
        return [sum(weighted[first : first + 3]) for first in range(0, len(weighted), 3)]


class Place(NamedTuple):
    """Place and shape of images in a segment."""

    offset: int
    shape: tuple[int, int, int]
    means: tuple[float, ...]


class Segment:
    """A new segment; other processes see it after ``finish``.

    Args:
        folder: Folder of the cache.

    Attributes:
        index: Path of its index.
        size: Bytes so far.
    """

    def __init__(self, folder: Path) -> None:
        name = uuid4().hex
        self.index = folder / f"{name}.json"
        self._temporary = folder / f"{name}.bin{TEMPORARY_MARK}{os.getpid()}"
        self._file = self._temporary.open("wb")
        self._places: dict[str, Place] = {}
        self.size = 0

    def add(self, key: str, image: Decoded) -> None:
        """Appends an image."""
        data = image.pixels.contiguous().numpy()
        self._file.write(data.data)
        channels, height, width = data.shape
        self._places[key] = Place(self.size, (channels, height, width), image.means)
        self.size += data.nbytes

    def finish(self) -> dict[str, Decoded]:
        """Publishes the segment, and returns its images."""
        self._file.close()
        self._temporary.replace(pictures_of(self.index))
        text = json.dumps({"version": VERSION, "pictures": self._places})
        replace_file(self.index, text.encode())
        return mapped(self.index, self._places)

    def abandon(self) -> None:
        """Removes an unfinished segment."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)


def pictures_of(index: Path) -> Path:
    """The file of pixels of an index."""
    return index.with_suffix(".bin")


def read_index(path: Path) -> dict[str, Place]:
    """Place of each image of a segment; empty if the index cannot be read."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        if tree["version"] != VERSION:
            return {}
        return {
            key: Place(offset, tuple(shape), tuple(means))
            for key, (offset, shape, means) in tree["pictures"].items()
        }
    except (OSError, ValueError, KeyError, TypeError):  # removed by another process, or another file
        return {}


def mapped(index: Path, places: Mapping[str, Place]) -> dict[str, Decoded]:
    """Images of a segment, mapped from disk and read when they are used.

    Raises:
        OSError: Another process removed the segment.
        RuntimeError: The file is truncated.
    """
    if not places:
        return {}
    path = pictures_of(index)
    data = torch.from_file(str(path), shared=False, size=path.stat().st_size, dtype=torch.uint8)
    return {
        key: Decoded(data[place.offset :][: prod(place.shape)].view(place.shape), place.means)
        for key, place in places.items()
    }


def size_of(index: Path) -> int:
    """Size of the file of pixels in bytes."""
    try:
        return pictures_of(index).stat().st_size
    except OSError:
        return 0


def last_use(index: Path) -> float:
    """Time of the last use of a segment, in seconds."""
    try:
        return index.stat().st_mtime
    except OSError:
        return 0.0


def remove(index: Path) -> None:
    """Removes a segment, its index first."""
    for path in (index, pictures_of(index)):
        with suppress(OSError):  # on Windows, while another process uses it
            path.unlink()
