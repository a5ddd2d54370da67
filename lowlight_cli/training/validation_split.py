"""Chooses the images that a run validates on; torch-free."""

from collections.abc import Sequence
from fractions import Fraction

from lowlight_cli.datasets.catalog import DATASETS
from lowlight_cli.training.config import DataSettings

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

    They are those that ``held_out`` names, else those that the dataset names, else a share of the folder.

    Args:
        names: Stems of the pairs, sorted.
        settings: Data settings.
        dataset: Dataset of the folder, if it is known.
    """
    stems = held_out_stems(settings, dataset)
    if settings.held_out is not None or stems:
        return [name in stems for name in names]
    return held_out_places(len(names), share_of(settings))


def held_out_stems(settings: DataSettings, dataset: str | None) -> tuple[str, ...]:
    """Stems of images of a folder that are named for validation."""
    if settings.held_out is not None:
        return settings.held_out
    return () if dataset is None or settings.val else DATASETS[dataset].validation


def share_of(settings: DataSettings) -> float | None:
    """Share of the images to hold out; 0 with ``val``, unless a share is given, and None for the default."""
    return 0.0 if settings.val and settings.val_share is None else settings.val_share
