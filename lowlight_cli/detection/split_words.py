"""Splits in the names of files and folders: ``instances_val2017.json``, but not ``latest``.

A file of its own, because names of files say this in any format, whatever is inside.
"""

import re
from pathlib import Path

from lowlight_cli.detection.collection import SPLITS

_WORDS = {
    "train": ("train", "training", "trainset"),
    "val": ("val", "valid", "validation", "valset", "minival"),
    "test": ("test", "testing", "testset"),
}
"""Spellings of each split; ``minival`` is a part of COCO 2014."""


def splits_in(name: str) -> tuple[str, ...]:
    """Splits that a name has as a whole word, also in ``val2017`` and ``imagesVal``.

    Args:
        name: Name of a file or folder, without extension.
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = {word.lower() for word in re.findall(r"[^\W\d_]+", spaced)}
    return tuple(split for split in SPLITS if words.intersection(_WORDS[split]))


def split_named(path: Path) -> str | None:
    """The split in the name of a file, or else in that of its folder; None if neither names one.

    Args:
        path: File of annotations.
    """
    found = (*splits_in(path.stem), *splits_in(path.parent.name))
    return found[0] if found else None
