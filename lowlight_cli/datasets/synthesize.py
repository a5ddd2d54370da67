"""Pairs to train on from clean photos alone: each photo, and what it would be at night."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from lowlight_cli.datasets.darkeners import Darkener
from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs.header import read_header
from lowlight_cli.images.decode import decode
from lowlight_cli.images.encode import encode
from lowlight_cli.images.picture import Pixels, still
from lowlight_cli.images.replace import replace_file
from lowlight_cli.images.settings import ReadSettings

MANIFEST = "synthetic.json"
LOW, HIGH = "low", "high"


class Order(NamedTuple):
    """A pair to be made: its name, which also decides its night, the photo, and where that lay."""

    name: str
    source: Path
    place: str

    def files(self, out: Path) -> tuple[Path, Path]:
        """Dark picture and clean one."""
        return out / LOW / f"{self.name}.png", out / HIGH / f"{self.name}.png"


class Made(NamedTuple):
    """A pair that was made."""

    order: Order
    width: int
    height: int
    low_sha256: str
    high_sha256: str


def plan_pairs(photos: Sequence[Path], root: Path, count: int | None) -> list[Order]:
    """Pairs of photos in their order, and from the first again until there are enough.

    Args:
        photos: At least one.
        root: Folder that their places are told from.
        count: Pairs in all; one of each photo where it is None.
    """
    total = len(photos) if count is None else count
    digits = max(5, len(str(total)))
    chosen = (photos[number % len(photos)] for number in range(total))
    return [
        Order(f"{number:0{digits}d}-{photo.stem}", photo, photo.relative_to(root).as_posix())
        for number, photo in enumerate(chosen, 1)
    ]


def read_photo(source: Path, longest: int) -> Pixels:
    """A clean photo, upright, shrunk where its longer side has more than ``longest`` pixels.

    Raises:
        ImageError: It cannot be read.
    """
    pixels = decode(source, ReadSettings(frames="first")).pixels
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.ascontiguousarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def make_pair(order: Order, out: Path, clean: Pixels, darkener: Darkener) -> Made:
    """Writes a pair; both pictures are lossless and carry no metadata.

    Args:
        order: What to make.
        out: Folder with ``low`` and ``high``.
        clean: The photo.
        darkener: Makes the dark picture.

    Raises:
        ImageError: A picture cannot be written.
    """
    low, high = order.files(out)
    height, width = clean.shape[:2]
    written = (encode(still(darkener(clean, order.name)), low), encode(still(clean), high))
    return Made(order, width, height, *(each.sha256 for each in written))


def kept_pair(order: Order, out: Path) -> Made | None:
    """A pair that lies there already, as it is on the disk; None where a picture of it cannot be read."""
    files = order.files(out)
    try:
        digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
        header = read_header(files[1])
    except (OSError, ImageError):
        return None
    return Made(order, header.width, header.height, *digests)


def write_manifest(out: Path, terms: dict[str, Any], pairs: Sequence[Made]) -> Path:
    """Writes what was made, and on what terms; the same run writes the same bytes.

    Args:
        out: Folder of the pairs.
        terms: Method, strength, seed and all else that decides what the dark pictures look like.
        pairs: Those that were made.

    Raises:
        ImageError: It cannot be written.
    """
    rows = [
        {
            "name": pair.order.name,
            "source": pair.order.place,
            "width": pair.width,
            "height": pair.height,
            "low_sha256": pair.low_sha256,
            "high_sha256": pair.high_sha256,
        }
        for pair in pairs
    ]
    target = out / MANIFEST
    replace_file(target, (json.dumps({**terms, "pairs": rows}, indent=1) + "\n").encode())
    return target
