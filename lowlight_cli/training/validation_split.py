"""Chooses the images that a run validates on; torch-free."""

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from lowlight_cli.datasets.catalog import DATASETS
from lowlight_cli.training.config import DataSettings
from lowlight_cli.training.split_record import SPLIT_FILE, SplitRecord, read_split

_USUAL_SHARE = Fraction(1, 10)
_FEWEST = 6
"""Smallest set of which images are held out unless a share is given."""


def held_out_places(count: int, share: float | None = None) -> list[bool]:
    """Which images of a sorted list are for validation, the first one and then equally spaced ones.

    Args:
        count: Number of images.
        share: Their share, at least one image but never all; None for every tenth, at least two, of six
            images or more.

    >>> held_out_places(6)
    [True, False, False, True, False, False]
    """
    if count < (2 if share is not None else _FEWEST) or share == 0:
        return [False] * count
    part = _USUAL_SHARE if share is None else Fraction(share).limit_denominator(10_000)
    if share is None and count <= 1 / part:
        half = -(-count // 2)
        return [place % half == 0 for place in range(count)]
    return [place == 0 or int(place * part) > int((place - 1) * part) for place in range(count)]


def held_out_names(names: Sequence[str], settings: DataSettings, dataset: str | None) -> list[bool]:
    """Which pairs of a folder are for validation.

    They are those that ``held_out`` names, else those that the dataset names, else those recorded when the
    run began, else a share of the folder.

    Args:
        names: Names of the pairs, sorted; the last part of each is its stem.
        settings: Data settings.
        dataset: Dataset of the folder, if it is known.
    """
    stems = held_out_stems(settings, dataset)
    if settings.held_out is not None or stems:
        return [name.rpartition("/")[2] in stems for name in names]
    return kept_or_chosen(names, settings)


def kept_or_chosen(names: Sequence[str], settings: DataSettings) -> list[bool]:
    """Which images are for validation: those recorded when the run began, else a share of them.

    Args:
        names: Names of the images, sorted.
        settings: Data settings.
    """
    kept = None if settings.split is None else settings.split.held_out(names)
    return held_out_places(len(names), share_of(settings)) if kept is None else kept


def split_of_run(settings: DataSettings, folder: Path, *, resumes: bool) -> SplitRecord:
    """The split that a run began with, or an empty one for a new run and for other settings of the split.

    Args:
        settings: Data settings.
        folder: Its run folder, which may be missing.
        resumes: Whether the run resumes from a checkpoint in it.

    Raises:
        SettingsError: The recorded split cannot be read.
    """
    rule = json.dumps([settings.held_out, share_of(settings), bool(settings.val)])
    return read_split(folder / SPLIT_FILE, rule) if resumes else SplitRecord(rule)


def held_out_stems(settings: DataSettings, dataset: str | None) -> tuple[str, ...]:
    """Stems of images of a folder that are named for validation."""
    if settings.held_out is not None:
        return settings.held_out
    return () if dataset is None or settings.val else DATASETS[dataset].validation


def share_of(settings: DataSettings) -> float | None:
    """Share of the images to hold out; 0 with ``val``, unless a share is given, and None for the default."""
    return 0.0 if settings.val and settings.val_share is None else settings.val_share
