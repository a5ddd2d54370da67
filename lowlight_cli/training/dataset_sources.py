"""Turns datasets into sources to train on: only their part for training, never a test; torch-free."""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from lowlight_cli.datasets.catalog import DATASETS, find_dataset
from lowlight_cli.datasets.layouts import DatasetEntry
from lowlight_cli.datasets.locate import Located, data_roots, locate
from lowlight_cli.errors import SettingsError, UsageError, WeightsError
from lowlight_cli.training.config import DataSettings, PairSource, Source
from lowlight_cli.training.source_text import split_weight

TRAIN = "train"


def with_datasets(settings: DataSettings, *, paired: bool) -> DataSettings:
    """Settings with the folders of their datasets, as real pairs or as well-lit photos.

    Args:
        settings: Data settings of the user.
        paired: Whether the recipe takes pairs; otherwise the references become photos.

    Raises:
        UsageError: A dataset has no part for training or no references, or a folder is that of a test.
        WeightsError: A dataset was not found.
        SettingsError: The weights leave nothing for the sources without one.
    """
    found = [_located(name, data_roots(settings.root)) for name in settings.datasets]
    pairs = [
        PairSource(
            low=place.low, high=high, ignored=place.ignored, weight=weight, dataset=_with_split(place.entry)
        )
        for place, high, weight in found
    ]
    photos = [
        Source(folder=high, weight=weight, dataset=_with_split(place.entry)) for place, high, weight in found
    ]
    update: dict[str, object] = {
        "datasets": (),
        "pairs": (*map(_recognized_pairs, settings.pairs), *(pairs if paired else ())),
        "photos": (*map(_recognized_photos, settings.photos), *(() if paired else photos)),
    }
    settings = settings.model_copy(update=update)
    _refuse_tests(settings)
    for kind, sources in (("photos", settings.photos), ("pairs", settings.pairs)):
        _check_weights(kind, [source.weight for source in sources])
    return settings


def _located(text: str, roots: Sequence[Path]) -> tuple[Located, Path, float | None]:
    name, weight = split_weight(text)
    entry = find_dataset(name)
    if TRAIN not in entry.splits:
        raise UsageError(f"{entry.name} has no training part; a test is never trained on")
    place = locate(entry, TRAIN, roots)
    if place.high is None:
        raise UsageError(f"{entry.name} has no references to train on")
    return place, place.high, weight


def _with_split(entry: DatasetEntry) -> str | None:
    """Name of a dataset if it says which of its images are for validation."""
    return entry.name if entry.validation or entry.color_cast else None


def _recognized_pairs(source: PairSource) -> PairSource:
    """The pairs with the name of their dataset, if they lie where its part for training does."""
    for entry in filter(_with_split, DATASETS.values()):
        for place in entry.places(TRAIN):
            if _ends_in(source.low, place.low) and _ends_in(source.high, str(place.high)):
                return source.model_copy(update={"dataset": entry.name})
    return source


def _recognized_photos(source: Source) -> Source:
    """The photos with the name of their dataset, if they lie inside its folder."""
    parts = {part.casefold() for part in source.folder.absolute().parts}
    for entry in filter(_with_split, DATASETS.values()):
        if parts & {home.casefold() for home in entry.homes}:
            return source.model_copy(update={"dataset": entry.name})
    return source


def _ends_in(folder: Path, place: str) -> bool:
    parts = PurePosixPath(place.casefold()).parts
    return tuple(part.casefold() for part in folder.absolute().parts[-len(parts) :]) == parts


def _refuse_tests(settings: DataSettings) -> None:
    """Refuses folders that hold the test of a dataset.

    Raises:
        UsageError: There is one.
    """
    used = [source.folder for source in settings.photos]
    used += [folder for source in settings.pairs for folder in (source.low, source.high)]
    used += settings.val
    resolved = {folder.resolve(): folder for folder in used}
    for name, split, test in _tests(data_roots(settings.root)) if used else ():
        if any(part in str(test) for part in settings.exclude):
            continue
        for folder, given in resolved.items():
            if folder == test or folder in test.parents or test in folder.parents:
                raise UsageError(f"'{given}' holds the {split} images of {name}; a test is never trained on")


def _tests(roots: Sequence[Path]) -> Iterator[tuple[str, str, Path]]:
    """Name, split and folders of the tests on this machine."""
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
        raise SettingsError(
            f"the shares of {kind} sum to {sum(given):g} and leave nothing for the other folders"
        )
