"""Checks the folders of data, and the names of images in the settings, before anything is read."""

from pathlib import Path

from lowlight_cli.datasets.matching import listed
from lowlight_cli.errors import SettingsError, UsageError
from lowlight_cli.training.config import HALVES, DataSettings, PairSource, as_pairs
from lowlight_cli.training.data_sources import find_pairs, stem
from lowlight_cli.training.photos import find_photos


def check_data(settings: DataSettings, *, paired: bool) -> None:
    """Refuses data that cannot be meant.

    Args:
        settings: Data settings, with the folders of datasets.
        paired: Whether the recipe trains and validates on pairs.

    Raises:
        UsageError: A folder is missing, one for pairs lacks a half, or one for validation is trained on.
        SettingsError: ``held_out`` or ``cast`` has the name of no image.
    """
    for source in settings.pairs:
        _check_pairs(source, "--pairs")
    for photos in settings.photos:
        _check_folder(photos.folder)
    _check_validation(settings, paired=paired)
    _check_names(settings)


def check_out(settings: DataSettings, out: Path) -> None:
    """Refuses a run folder that is one of the folders of data, which would mix the files of both.

    Args:
        settings: Data settings, with the folders of datasets.
        out: The run folder, which may be missing.

    Raises:
        UsageError: It is one of them.
    """
    used = [*settings.val, *(source.folder for source in settings.photos)]
    for source in settings.pairs:
        used += [source.low, source.high]
        if (source.low.name, source.high.name) in HALVES:
            used.append(source.low.parent)
    if out.resolve() in {folder.resolve() for folder in used}:
        raise UsageError(f"--out '{out}' is also a folder of data; name another folder for the run")


def _check_validation(settings: DataSettings, *, paired: bool) -> None:
    trained = [source.high for source in settings.pairs] if paired else []
    trained += [] if paired else [source.folder for source in settings.photos]
    for folder in settings.val:
        if paired:
            _check_pairs(as_pairs(folder), "--val")
        else:
            _check_folder(folder)
        used = as_pairs(folder).high if paired else folder
        if used.resolve() in {each.resolve() for each in trained}:
            raise UsageError(f"--val '{folder}' is also trained on; name another folder, or use --val-share")


def _check_names(settings: DataSettings) -> None:
    if not (settings.held_out or settings.cast):
        return
    everything = settings.model_copy(update={"held_out": (), "val_share": 0.0})
    pairs = {stem(partners.name) for _, partners in find_pairs(everything).partners}
    photos = {path.stem for _, path in find_photos(everything)} if settings.photos else set()
    known = {"held_out": pairs | photos, "cast": pairs or photos}
    for key, names in known.items():
        unknown = [name for name in getattr(settings, key) or () if name not in names]
        if unknown:
            raise SettingsError(
                f"data.{key}: no image is called {listed(unknown)}; write names without folder and extension"
            )


def _check_pairs(source: PairSource, option: str) -> None:
    if source.low.is_dir() and source.high.is_dir():
        return
    folder = source.low.parent
    has_one = source.low.is_dir() or source.high.is_dir()
    if has_one or folder != source.high.parent or (source.low.name, source.high.name) != HALVES[0]:
        _check_folder(source.low)
        _check_folder(source.high)
    _check_folder(folder)
    raise UsageError(
        f"{option} takes a folder that holds low/ and high/ (or input/ and target/); '{folder}' does not"
    )


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise UsageError(f"no such folder: '{folder}'")
