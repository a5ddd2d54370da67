"""What a data set is on disk: its splits, and the folders in which they are known to lie; torch-free."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from lowlight_cli.catalog import Catalog

NOT_STATED = "not stated"
"""Licence of a data set whose makers say nothing of it."""

SAME_NAMES = ""
LOW_NORMAL = r"^(low|normal)(?=\d)"
"""``low00690.png`` belongs to ``normal00690.png``."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the pictures of a split lie, as paths below the folder of the data set.

    Attributes:
        low: Folder of the dark pictures.
        high: Folder of their references; None where there are none.
        ignored: Regular expression for the part of a name that differs between partners.
    """

    low: str
    high: str | None = None
    ignored: str = SAME_NAMES


@dataclass(frozen=True, slots=True)
class Split:
    """A part of a data set.

    Attributes:
        sizes: Number of pictures (or pairs): the official one first, then those of other editions that are
            in use; empty where papers disagree.
        folders: The known ways in which it is laid out.
    """

    sizes: tuple[int, ...]
    folders: tuple[Folders, ...]


@dataclass(frozen=True, slots=True)
class DatasetEntry:
    """A data set that ``lle eval --dataset`` knows.

    Attributes:
        name: Name in the catalog.
        summary: One line for a person.
        paper: Where it comes from.
        home: Where to get it.
        licence: Its terms.
        homes: Names that its own folder is known under, below a data root; ``.`` is the root itself.
        splits: Its parts by name, that for evaluation first.
        aliases: Other names; case, blanks, ``-`` and ``_`` never matter.
        note: What to know before comparing numbers.
    """

    name: str
    summary: str
    paper: str
    home: str
    licence: str
    homes: tuple[str, ...]
    splits: Catalog[Split]
    aliases: tuple[str, ...] = ()
    note: str = ""

    @property
    def paired(self) -> bool:
        """Whether there are references."""
        return all(folders.high is not None for split in self.splits.values() for folders in split.folders)

    @property
    def default_split(self) -> str:
        """The part that papers report on."""
        return next(iter(self.splits))

    def places(self, split: str) -> Iterator[Folders]:
        """Every known place of a split, as paths below a data root.

        Raises:
            UnknownNameError: There is no such split.
        """
        for folders in self.splits[split].folders:
            for home in self.homes:
                low, high = (
                    None if part is None else str(PurePosixPath(home) / part)
                    for part in (folders.low, folders.high)
                )
                yield Folders(str(low), high, folders.ignored)


def pair_key(path: PurePosixPath, ignored: str = SAME_NAMES) -> str:
    """What partners have in common: their path below the folder, without format, case and ``ignored``.

    Args:
        path: Relative to the folder of its side.
        ignored: As in ``Folders``.
    """
    stem = re.sub(ignored, "", path.stem, flags=re.IGNORECASE) if ignored else path.stem
    return str(path.with_name(stem or path.stem)).casefold()
