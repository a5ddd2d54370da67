"""The catalog of datasets for evaluation; torch-free.

Counts and folders are those of the datasets' makers and of papers and programs that use them. A licence is
given only if the makers state one.
"""

from lowlight_cli.catalog import Catalog
from lowlight_cli.datasets.layouts import DatasetEntry
from lowlight_cli.datasets.paired_sets import PAIRED_SETS
from lowlight_cli.datasets.unpaired_sets import UNPAIRED_SETS

DATASETS: Catalog[DatasetEntry] = Catalog(
    "dataset", {entry.name: entry for entry in (*PAIRED_SETS, *UNPAIRED_SETS)}
)


def find_dataset(name: str) -> DatasetEntry:
    """The dataset of that name; case, spaces, ``-`` and ``_`` do not matter.

    Raises:
        UnknownNameError: There is none; the message suggests the nearest name, or lists all.
    """
    known = {_plain(word): entry for entry in DATASETS.values() for word in (entry.name, *entry.aliases)}
    found = known.get(_plain(name))
    return DATASETS[name] if found is None else found


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter not in " -_")
