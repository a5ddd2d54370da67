"""The one table of data sets for evaluation; torch-free.

Counts and folders are those of the data sets' makers and of the papers and programs that use them. A licence
stands here only where the makers state one.
"""

from lowlight_cli.catalog import Catalog
from lowlight_cli.datasets.layouts import DatasetEntry
from lowlight_cli.datasets.paired_sets import PAIRED_SETS
from lowlight_cli.datasets.unpaired_sets import UNPAIRED_SETS

DATASETS: Catalog[DatasetEntry] = Catalog(
    "data set", {entry.name: entry for entry in (*PAIRED_SETS, *UNPAIRED_SETS)}
)


def find_dataset(name: str) -> DatasetEntry:
    """The data set called ``name``; case, blanks, ``-`` and ``_`` do not matter.

    Raises:
        UnknownNameError: There is none; the message names the nearest or all.
    """
    known = {_plain(word): entry for entry in DATASETS.values() for word in (entry.name, *entry.aliases)}
    found = known.get(_plain(name))
    return DATASETS[name] if found is None else found


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter not in " -_")
