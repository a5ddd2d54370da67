"""Which dark file belongs to which bright file: equal names in two folders, whatever the formats."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from lowlight_cli.errors import UsageError, WeightsError
from lowlight_cli.images.formats import format_of

NAMED = 5


@dataclass(frozen=True, slots=True)
class Pair:
    """Two files of one view: taken in low light, and well lit."""

    name: str
    low: Path
    high: Path


def find_pairs(low_dir: Path, high_dir: Path) -> list[Pair]:
    """Pairs the pictures of two folders by their names without suffix, in the order of the names.

    Args:
        low_dir: Folder of the dark pictures; its sub-folders are left out.
        high_dir: Folder of the bright ones.

    Raises:
        UsageError: A folder is missing, or holds two pictures of one name.
        WeightsError: A picture has no partner, partners differ in size, or there is no picture at all.
    """
    lows, highs = pictures_by_name(low_dir), pictures_by_name(high_dir)
    if not lows and not highs:
        raise WeightsError(f"no pictures in {low_dir} and {high_dir}")
    refuse_lonely(lows.keys() - highs.keys(), high_dir)
    refuse_lonely(highs.keys() - lows.keys(), low_dir)
    pairs = [Pair(name, lows[name], highs[name]) for name in sorted(lows)]
    refuse_different_sizes(pairs)
    return pairs


def pictures_by_name(folder: Path) -> dict[str, Path]:
    """Picture files directly in ``folder``, by name without suffix.

    Raises:
        UsageError: It is no folder, or two files share a name.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if format_of(path) is None:
            continue
        if path.stem in found:
            raise UsageError(f"{found[path.stem]} and {path} have the same name")
        found[path.stem] = path
    return found


def refuse_lonely(names: Iterable[str], folder: Path) -> None:
    """Checks that ``names``, which ``folder`` lacks, are none.

    Raises:
        WeightsError: There are some; the message lists the first.
    """
    missing = sorted(names)
    if missing:
        raise WeightsError(f"{folder} has no partner for {listed(missing)}")


def refuse_different_sizes(pairs: Iterable[Pair]) -> None:
    """Checks that both pictures of each pair have one size; reads their headers only.

    Raises:
        WeightsError: Some have not; the message lists the first with their sizes.
    """
    different = []
    for pair in pairs:
        low, high = size_of(pair.low), size_of(pair.high)
        if low != high:
            different.append(f"{pair.name} ({low[0]}x{low[1]} and {high[0]}x{high[1]})")
    if different:
        raise WeightsError(f"dark and bright pictures differ in size: {listed(different)}")


def size_of(path: Path) -> tuple[int, int]:
    """Width and height in pixels.

    Raises:
        WeightsError: The file is no picture.
    """
    try:
        with Image.open(path) as picture:
            return picture.size
    except OSError as error:
        raise WeightsError(f"{path} cannot be read as a picture") from error


def listed(names: list[str]) -> str:
    """The first names, and how many more there are."""
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + rest
