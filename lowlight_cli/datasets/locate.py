"""Where a data set lies on this machine; torch-free."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lowlight_cli.datasets.layouts import DatasetEntry, Folders
from lowlight_cli.errors import WeightsError
from lowlight_cli.folders import listed_folders

ENVIRONMENT = "LLE_DATA_ROOT"
USUAL_ROOT = Path("datasets")


@dataclass(frozen=True, slots=True)
class Located:
    """A split of a data set, found on disk.

    Attributes:
        entry: The data set.
        split: Name of its part.
        low: Folder of the dark pictures.
        high: Folder of their references, or None.
        ignored: What differs between the names of partners, as in ``Folders``.
    """

    entry: DatasetEntry
    split: str
    low: Path
    high: Path | None
    ignored: str


def data_roots(named: Path | None = None) -> tuple[Path, ...]:
    """Folders in which data sets are looked for.

    Args:
        named: The only one, where the user names it; else those of ``LLE_DATA_ROOT``, separated as in
            ``PATH``, and ``./datasets``.
    """
    if named is not None:
        return (named,)
    return (*listed_folders(ENVIRONMENT), USUAL_ROOT)


def locate(entry: DatasetEntry, split: str | None, roots: Sequence[Path]) -> Located:
    """Finds a split, in the first root and the first known layout that is there.

    Args:
        entry: The data set.
        split: Its part; None takes that for evaluation.
        roots: Folders of data sets.

    Raises:
        UnknownNameError: It has no such split.
        WeightsError: It is not there; the message shows what is expected and where to get it.
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
    """The known layouts of a split, one to a line, for people: folders below a data root.

    Raises:
        UnknownNameError: There is no such split.
    """
    part = entry.splits[split]
    count = f"{part.sizes[0]:,} pictures" if part.sizes else "pictures"
    return [f"{_tree(PurePosixPath(entry.homes[0]), folders, count)}" for folders in part.folders]


def other_homes(entry: DatasetEntry) -> str:
    """What the folder of the data set may be called besides the name that ``expected_trees`` gives it."""
    first, *others = entry.homes
    names = [name for name in others if name != "."]
    words = [f"called {', '.join(names)}"] if names else []
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
    """The folder called so, or so but for upper and lower case."""
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
    looked = ", ".join(f"'{root}'" for root in roots)
    trees = expected_trees(entry, split)
    lines = [
        f"data set {entry.name} ({split}) is not in {looked}; expected there{' is one of' * (len(trees) > 1)}"
    ]
    lines += [f"  {tree}" for tree in trees]
    lines += [other_homes(entry)] if other_homes(entry) else []
    lines += [
        f"get it from {entry.home} (licence: {entry.licence}), and name its place with --data-root "
        f"or {ENVIRONMENT}"
    ]
    return "\n".join(lines)
