"""Data sets as sources to train on: only their part for training, never a test; torch-free."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lowlight_cli.datasets.catalog import DATASETS, find_dataset
from lowlight_cli.datasets.locate import Located, data_roots, locate
from lowlight_cli.errors import SettingsError, UsageError, WeightsError
from lowlight_cli.training.config import DataSettings, PairSource, Source, split_weight

TRAIN = "train"


def with_datasets(settings: DataSettings, *, paired: bool) -> DataSettings:
    """Settings whose data sets are folders, as real pairs or as well-lit photos.

    Args:
        settings: What was asked for.
        paired: Whether pairs are of use; else the bright pictures are taken.

    Raises:
        UsageError: A data set has no part for training or no references, or a folder is that of a test.
        WeightsError: A data set is not there.
        SettingsError: Weights leave nothing for the sources without one.
    """
    found = [_located(name, data_roots(settings.root)) for name in settings.datasets]
    pairs = [
        PairSource(low=place.low, high=high, ignored=place.ignored, weight=weight)
        for place, high, weight in found
    ]
    photos = [Source(folder=high, weight=weight) for _, high, weight in found]
    update: dict[str, object] = {"datasets": ()}
    if paired:
        update["pairs"] = (*settings.pairs, *pairs)
    else:
        update["photos"] = (*settings.photos, *photos)
    settings = settings.model_copy(update=update)
    _refuse_tests(settings)
    for kind, sources in (("photos", settings.photos), ("pairs", settings.pairs)):
        _check_weights(kind, [source.weight for source in sources])
    return settings


def _located(text: str, roots: Sequence[Path]) -> tuple[Located, Path, float | None]:
    name, weight = split_weight(text)
    entry = find_dataset(name)
    if TRAIN not in entry.splits:
        raise UsageError(f"{entry.name} has no part to train on; tests are never trained on")
    place = locate(entry, TRAIN, roots)
    if place.high is None:
        raise UsageError(f"{entry.name} has no bright pictures to train on")
    return place, place.high, weight


def _refuse_tests(settings: DataSettings) -> None:
    """Makes sure that no folder is the test of a data set.

    Raises:
        UsageError: One is.
    """
    used = [source.folder for source in settings.photos]
    used += [folder for source in settings.pairs for folder in (source.low, source.high)]
    resolved = {folder.resolve(): folder for folder in used}
    for name, split, test in _tests(data_roots(settings.root)) if used else ():
        if any(part in str(test) for part in settings.exclude):
            continue
        for folder, given in resolved.items():
            if folder == test or folder in test.parents or test in folder.parents:
                raise UsageError(
                    f"'{given}' holds the {split} pictures of {name}: tests are never trained on"
                )


def _tests(roots: Sequence[Path]) -> Iterator[tuple[str, str, Path]]:
    """Folders on this machine that hold tests."""
    there = [root for root in roots if root.is_dir()]
    for entry in DATASETS.values() if there else ():
        for split in entry.splits:
            try:
                place = locate(entry, split, there) if split != TRAIN else None
            except WeightsError:
                continue
            for folder in (place.low, place.high) if place else ():
                if folder is not None:
                    yield entry.name, split, folder.resolve()


def _check_weights(kind: str, weights: Sequence[float | None]) -> None:
    given = [weight for weight in weights if weight is not None]
    if len(given) < len(weights) and sum(given) >= 1:
        raise SettingsError(f"shares of {kind} sum to {sum(given):g} and leave none for those without one")
