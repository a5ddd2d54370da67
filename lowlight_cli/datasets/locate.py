"""Finds datasets on disk; torch-free."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lowlight_cli.counted import counted
from lowlight_cli.datasets.layouts import DatasetEntry, Folders
from lowlight_cli.errors import WeightsError
from lowlight_cli.folders import listed_folders

ENVIRONMENT = "LLE_DATA_ROOT"
USUAL_ROOT = Path("datasets")


@dataclass(frozen=True, slots=True)
class Located:
    """A split of a dataset, found on disk.

    Attributes:
        entry: The dataset.
        split: Name of the split.
        low: Folder of the dark images.
        high: Folder of their references, or None.
        ignored: Part of a name that differs between partners, as in ``Folders``.
    """

    entry: DatasetEntry
    split: str
    low: Path
    high: Path | None
    ignored: str


def data_roots(named: Path | None = None) -> tuple[Path, ...]:
    """Folders to search for datasets.

    Args:
        named: The only folder to search; None searches those in ``LLE_DATA_ROOT``, separated as in ``PATH``,
            and then ``./datasets``.
    """
    if named is not None:
        return (named,)
    return (*listed_folders(ENVIRONMENT), USUAL_ROOT)


def locate(entry: DatasetEntry, split: str | None, roots: Sequence[Path]) -> Located:
    """Finds a split, in the first root and the first known layout that exists.

    Args:
        entry: The dataset.
        split: Name of the split; None is the one for evaluation.
        roots: Folders to search.

    Raises:
        UnknownNameError: The dataset has no such split.
        WeightsError: The split is not found; the message shows the expected folders and where to get it.
    """
    name = split or entry.default_split
    places = list(entry.places(name))
    for root in roots:
        for place in places:
            found = _both_sides(root, place)
            if found is not None:
                return Located(entry, name, *found, place.ignored)
    raise WeightsError(_missing(entry, name, roots))


def expected_trees(entry: DatasetEntry, split: str) -> list[str]:
    """Known layouts of a split as text, one per line: folders below a data root.

    Raises:
        UnknownNameError: There is no such split.
    """
    part = entry.splits[split]
    count = counted(part.sizes[0], "image") if part.sizes else "images"
    return [f"{_tree(PurePosixPath(entry.homes[0]), folders, count)}" for folders in part.folders]


def other_homes(entry: DatasetEntry) -> str:
    """Other names that the folder of the dataset may have, as a sentence; empty if there are none."""
    first, *others = entry.homes
    names = [name for name in others if name != "."]
    words = [f"named {', '.join(names)}"] if names else []
    words += ["the data root itself"] if "." in others else []
    return f"{first}/ may also be {' or '.join(words)}" if words else ""


def _tree(home: PurePosixPath, folders: Folders, count: str) -> str:
    low = home / folders.low
    if folders.high is None:
        return f"{low}/  {count}"
    high = home / folders.high
    both = f"{low.parent}/{{{low.name},{high.name}}}/" if low.parent == high.parent else f"{low}/ and {high}/"
    return f"{both}  {count} in each"


def _both_sides(root: Path, place: Folders) -> tuple[Path, Path | None] | None:
    low = _folder_below(root, place.low)
    if low is None or place.high is None:
        return None if low is None else (low, None)
    high = _folder_below(root, place.high)
    return None if high is None else (low, high)


def _folder_below(root: Path, relative: str) -> Path | None:
    """The folder at this path, ignoring case; None if there is none."""
    here = root
    for part in PurePosixPath(relative).parts:
        if (here / part).is_dir():
            here /= part
            continue
        try:
            alike = [each for each in here.iterdir() if each.name.casefold() == part.casefold()]
        except OSError:
            return None
        folders = sorted(each for each in alike if each.is_dir())
        if not folders:
            return None
        here = folders[0]
    return here if here.is_dir() else None


def _missing(entry: DatasetEntry, split: str, roots: Sequence[Path]) -> str:
    searched = ", ".join(f"'{root}'" for root in roots)
    trees = expected_trees(entry, split)
    lines = [f"dataset {entry.name} ({split}) is not in {searched}; expected{' one of' * (len(trees) > 1)}:"]
    lines += [f"  {tree}" for tree in trees]
    lines += [other_homes(entry)] if other_homes(entry) else []
    lines += [
        f"get it from {entry.home} (licence: {entry.licence}), and pass its folder with --data-root "
        f"or {ENVIRONMENT}"
    ]
    return "\n".join(lines)
