"""Makes training pairs from clean photos: each photo, and a darkened copy."""

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
    """A pair to make: its name, which seeds its night, the photo, and the photo's relative path."""

    name: str
    source: Path
    place: str

    def files(self, out: Path) -> tuple[Path, Path]:
        """Paths of the dark image and of the clean one."""
        return out / LOW / f"{self.name}.png", out / HIGH / f"{self.name}.png"


class Made(NamedTuple):
    """A finished pair."""

    order: Order
    width: int
    height: int
    low_sha256: str
    high_sha256: str


def plan_pairs(photos: Sequence[Path], root: Path, count: int | None) -> list[Order]:
    """Pairs of the photos in order, repeated from the first one until ``count`` is reached.

    Args:
        photos: At least one.
        root: Folder that recorded paths are relative to.
        count: Number of pairs; None makes one of each photo.
    """
    total = len(photos) if count is None else count
    digits = max(5, len(str(total)))
    chosen = (photos[number % len(photos)] for number in range(total))
    return [
        Order(f"{number:0{digits}d}-{photo.stem}", photo, photo.relative_to(root).as_posix())
        for number, photo in enumerate(chosen, 1)
    ]


def read_photo(source: Path, longest: int) -> Pixels:
    """A clean photo after EXIF rotation, shrunk if its longer side exceeds ``longest`` pixels.

    Raises:
        ImageError: The file cannot be read.
    """
    pixels = decode(source, ReadSettings(frames="first")).pixels
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.ascontiguousarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def make_pair(order: Order, out: Path, clean: Pixels, darkener: Darkener) -> Made:
    """Writes a pair as lossless images without metadata.

    Args:
        order: The pair to make.
        out: Folder with ``low`` and ``high``.
        clean: The photo.
        darkener: Makes the dark image.

    Raises:
        ImageError: An image cannot be written.
    """
    low, high = order.files(out)
    height, width = clean.shape[:2]
    written = (encode(still(darkener(clean, order.name)), low), encode(still(clean), high))
    return Made(order, width, height, *(each.sha256 for each in written))


def kept_pair(order: Order, out: Path) -> Made | None:
    """A pair that exists on disk; None if one of its images cannot be read."""
    files = order.files(out)
    try:
        digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
        header = read_header(files[1])
    except (OSError, ImageError):
        return None
    return Made(order, header.width, header.height, *digests)


def write_manifest(out: Path, terms: dict[str, Any], pairs: Sequence[Made]) -> Path:
    """Writes the manifest; the same run always writes the same bytes.

    Args:
        out: Folder of the pairs.
        terms: Method, strength, seed and all other settings that affect the dark images.
        pairs: The finished pairs.

    Raises:
        ImageError: The file cannot be written.
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
