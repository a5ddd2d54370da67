"""Makes a small copy of training data, to take along to a machine that is lent for minutes.

Photos are compressed as far as the size asks for: the highest quality of 92, 88, ... 56 with which all fits.
Dark pictures of pairs stay as they are, pixel by pixel, since their noise is what is to be learned; their
bright partners are kept at --reference-quality. A file that is smaller than what would be made of it is
copied. All pairs go along, also those for validation; photos of the scenes named by --held-out do not. Test
sets are refused.

    python benchmarks/pack_data.py pack --photos photos/city --photos photos/woods --pairs pairs --limit-mb 40
    lle train codeenhance --data pack/photos --pairs pack/pairs --out runs/codeenhance

The same call makes the same bytes, with the same version of Pillow.
"""

import argparse
import hashlib
import io
import json
import os
import sys
from bisect import bisect_left
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from lowlight_cli.datasets.matching import match
from lowlight_cli.errors import LowlightError, UsageError
from lowlight_cli.images.decode import decode
from lowlight_cli.training.config import DataSettings
from lowlight_cli.training.dataset_sources import with_datasets
from lowlight_cli.training.photos import find_photos

QUALITIES = tuple(range(92, 52, -4))
LOSSLESS = None
SUFFIXES = {"webp": ".webp", "jpeg": ".jpg"}


@dataclass(frozen=True, slots=True)
class Item:
    """A picture to pack.

    Attributes:
        source: Where it is.
        place: Where it goes, below the pack and without an ending.
        group: What it is counted under.
    """

    source: Path
    place: str
    group: str


@dataclass(frozen=True, slots=True)
class Packed:
    """Its file in the pack, relative, and what that holds."""

    item: Item
    name: str
    data: bytes


def main(words: Sequence[str] | None = None) -> None:
    """Writes the pack and prints what it holds; nothing is written if it does not fit.

    Args:
        words: Arguments; those of the process if None.
    """
    arguments = _parse(words)
    try:
        if arguments.out.exists():
            raise UsageError(f"'{arguments.out}' is there already; name a new folder")
        settings = DataSettings(
            photos=tuple(arguments.photos),
            pairs=tuple(arguments.pairs),
            exclude=tuple(arguments.exclude),
            held_out=None if arguments.held_out is None else tuple(arguments.held_out),
        )
        packed, qualities = pack(settings, arguments)
        _write(arguments.out, packed, qualities)
    except LowlightError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    _tell(packed, qualities)


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="folder to make")
    parser.add_argument("--photos", action="append", default=[], metavar="DIR", help="well-lit photos")
    parser.add_argument("--pairs", action="append", default=[], metavar="DIR", help="folder of low and high")
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="TEXT", help="part of paths to skip"
    )
    parser.add_argument("--held-out", action="append", metavar="NAME", help="scene of no photo to pack")
    parser.add_argument(
        "--limit-mb", type=float, default=40, help="size of the pack in MB of 1,000,000 bytes"
    )
    parser.add_argument("--format", choices=SUFFIXES, default="webp", help="of photos and bright pictures")
    parser.add_argument("--reference-quality", type=int, default=95, help="of the bright pictures of pairs")
    parser.add_argument("--longest", type=int, help="photos with a longer side are shrunk to it")
    return parser.parse_args(words)


def pack(settings: DataSettings, arguments: argparse.Namespace) -> tuple[list[Packed], dict[str, int | None]]:
    """Everything that goes into the pack, in order, and the quality of each group (None: lossless).

    Raises:
        UsageError: There is nothing to pack, names clash, or all is too large at the lowest quality.
        LowlightError: A picture cannot be read, or a folder is that of a test.
    """
    settings = with_datasets(settings, paired=True)
    low, high, photos = *_pairs(settings), _photos(settings)
    _refuse_clashes([*low, *high, *photos])
    form = arguments.format
    reference = arguments.reference_quality
    pairs = _packed(low, LOSSLESS, form) + _packed(high, reference, form)
    room = int(arguments.limit_mb * 1e6) - _size(pairs)

    @cache
    def photos_in(quality: int) -> list[Packed]:
        return _packed(photos, quality, form, arguments.longest)

    quality = _highest(lambda quality: _size(photos_in(quality)) <= room)
    if quality is None:
        over = (_size(photos_in(QUALITIES[-1])) - room) / 1e6
        raise UsageError(
            f"{over:.1f} MB too much even at quality {QUALITIES[-1]}; take fewer folders, or --longest"
        )
    qualities = {item.group: quality for item in photos} | {"low": LOSSLESS, "high": reference}
    return pairs + photos_in(quality), qualities


def _highest(fits: Callable[[int], bool]) -> int | None:
    """The highest quality that fits, found by halving; None if none does."""
    place = bisect_left(QUALITIES, True, key=fits)
    return QUALITIES[place] if place < len(QUALITIES) else None


def _pairs(settings: DataSettings) -> tuple[list[Item], list[Item]]:
    low, high = [], []
    for source in settings.pairs:
        matching = match(source.low, source.high, ignored=source.ignored)
        for problem in matching.problems:
            raise UsageError(f"{problem.path}: {problem.message}")
        for partners in matching.partners:
            if partners.reference is not None:
                low.append(Item(partners.picture, f"pairs/low/{partners.name}", "low"))
                high.append(Item(partners.reference, f"pairs/high/{partners.name}", "high"))
    return low, high


def _photos(settings: DataSettings) -> list[Item]:
    items = []
    for origin, path in find_photos(settings) if settings.photos else ():
        folder = settings.photos[origin.place].folder
        group = f"photos/{folder.resolve().name}"
        items.append(Item(path, f"{group}/{path.relative_to(folder).with_suffix('').as_posix()}", group))
    return items


def _refuse_clashes(items: Sequence[Item]) -> None:
    if not items:
        raise UsageError("nothing to pack; give --photos DIR or --pairs DIR")
    places: dict[str, Path] = {}
    for item in items:
        other = places.setdefault(item.place.casefold(), item.source)
        if other != item.source:
            raise UsageError(f"'{other}' and '{item.source}' would have one name in the pack")


def _packed(
    items: Sequence[Item], quality: int | None, form: str, longest: int | None = None
) -> list[Packed]:
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(lambda item: _pack_one(item, quality, form, longest), items))


def _pack_one(item: Item, quality: int | None, form: str, longest: int | None) -> Packed:
    """The picture in 8 bits, upright; the file as it is where that is smaller and shows the same."""
    picture = decode(item.source)
    image = Image.fromarray(_eight_bits(picture.pixels))
    is_shrunk = longest is not None and max(image.size) > longest
    if is_shrunk:
        scale = longest / max(image.size)
        image = image.resize([round(scale * side) for side in image.size], Image.Resampling.LANCZOS)
    data, suffix = _encoded(image, quality, form)
    original = item.source.read_bytes()
    if len(original) <= len(data) and not is_shrunk and picture.pixels.dtype == np.uint8:
        data, suffix = original, item.source.suffix.lower()
    return Packed(item, f"{item.place}{suffix}", data)


def _eight_bits(pixels: np.ndarray) -> np.ndarray:
    return pixels if pixels.dtype == np.uint8 else (pixels.astype(np.uint32) // 257).astype(np.uint8)


def _encoded(image: Image.Image, quality: int | None, form: str) -> tuple[bytes, str]:
    buffer = io.BytesIO()
    if quality is LOSSLESS:
        image.save(buffer, "WEBP", lossless=True, quality=100, method=4)
        return buffer.getvalue(), SUFFIXES["webp"]
    # Color at full resolution in JPEG; WebP always halves it.
    options = {"method": 4} if form == "webp" else {"subsampling": 0, "optimize": True}
    image.save(buffer, form, quality=quality, **options)
    return buffer.getvalue(), SUFFIXES[form]


def _size(packed: Sequence[Packed]) -> int:
    return sum(len(each.data) for each in packed)


def _write(out: Path, packed: Sequence[Packed], qualities: dict[str, int | None]) -> None:
    """The folder appears when it is whole; ``pack.json`` names each file and its SHA-256."""
    out.absolute().parent.mkdir(parents=True, exist_ok=True)
    files = {each.name: hashlib.sha256(each.data).hexdigest() for each in packed}
    record = {"v": 1, "qualities": qualities, "files": dict(sorted(files.items()))}
    with TemporaryDirectory(dir=out.absolute().parent, prefix=".pack-") as place:
        whole = Path(place) / "pack"
        for each in packed:
            path = whole / each.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(each.data)
        (whole / "pack.json").write_text(json.dumps(record, indent=1) + "\n")
        whole.rename(out)


def _tell(packed: Sequence[Packed], qualities: dict[str, int | None]) -> None:
    groups = dict.fromkeys(each.item.group for each in packed)
    print(f"{'':28}{'pictures':>9}{'quality':>10}{'MB before':>11}{'MB':>7}")
    for group in (*groups, None):
        mine = [each for each in packed if group in (None, each.item.group)]
        before = sum(each.item.source.stat().st_size for each in mine) / 1e6
        quality = "" if group is None else "lossless" if qualities[group] is None else str(qualities[group])
        print(f"{group or 'in all':28}{len(mine):9}{quality:>10}{before:11.1f}{_size(mine) / 1e6:7.1f}")


if __name__ == "__main__":
    main()
