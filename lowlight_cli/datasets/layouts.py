"""Datasets on disk: their splits, and the known layouts of folders; torch-free."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from lowlight_cli.catalog import Catalog

NOT_STATED = "not stated"
"""Licence of a dataset whose makers state none."""

SAME_NAMES = ""
LOW_NORMAL = r"^(low|normal)(?=\d)"
"""``low00690.png`` belongs to ``normal00690.png``."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Folders of a split, as paths below the folder of the dataset.

    Attributes:
        low: Folder of the dark images.
        high: Folder of their references; None if there are none.
        ignored: Regular expression for the part of a name that differs between partners.
    """

    low: str
    high: str | None = None
    ignored: str = SAME_NAMES


@dataclass(frozen=True, slots=True)
class Split:
    """A part of a dataset.

    Attributes:
        sizes: Number of images (or pairs): the official one first, then those of other editions in use;
            empty if papers disagree.
        folders: Known layouts.
    """

    sizes: tuple[int, ...]
    folders: tuple[Folders, ...]


@dataclass(frozen=True, slots=True)
class DatasetEntry:
    """A dataset that ``lle eval --dataset`` knows.

    Attributes:
        name: Name in the catalog.
        summary: One line for lists.
        paper: Paper that introduced it.
        home: Web page to get it from.
        licence: Terms.
        homes: Known names of its folder below a data root; ``.`` is the root itself.
        splits: Splits by name, the one for evaluation first.
        aliases: Other names; case, spaces, ``-`` and ``_`` do not matter.
        note: Caveat for comparing numbers.
        validation: Stems of the training images kept for validation, one or more per scene.
        color_cast: Stems of training images whose reference has a color cast.
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
    validation: tuple[str, ...] = ()
    color_cast: tuple[str, ...] = ()

    @property
    def paired(self) -> bool:
        """Whether it has references."""
        return all(folders.high is not None for split in self.splits.values() for folders in split.folders)

    @property
    def default_split(self) -> str:
        """The split that papers report on."""
        return next(iter(self.splits))

    def places(self, split: str) -> Iterator[Folders]:
        """Known folders of a split, as paths below a data root.

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
    """The key that partners share: path below their folder, without suffix, case and ``ignored``.

    Args:
        path: Relative to the folder of dark images or of references.
        ignored: As in ``Folders``.
    """
    stem = re.sub(ignored, "", path.stem, flags=re.IGNORECASE) if ignored else path.stem
    return str(path.with_name(stem or path.stem)).casefold()
