"""Finds weights files, in the package or in the user's folders."""

from importlib.resources import files
from pathlib import Path

from lowlight_cli.errors import WeightsError
from lowlight_cli.folders import data_folders, listed_folders
from lowlight_cli.models.entry import WeightsEntry


def shipped_folder() -> Path:
    """Folder of the weights that ship with the package."""
    return Path(str(files("lowlight_cli.weights")))


def shipped_metric_folder() -> Path:
    """Folder of the small metric files that ship with the package."""
    return Path(str(files("lowlight_cli.metric_data")))


def user_folders() -> tuple[Path, ...]:
    """Folders of imported weights; the first one is written to.

    They are those listed in ``LLE_MODEL_DIR``, separated as in ``PATH``, or else ``models`` in the user's
    data folder.
    """
    return listed_folders("LLE_MODEL_DIR") or tuple(folder / "models" for folder in data_folders())


def find_weights(entry: WeightsEntry) -> Path:
    """Path of the weights.

    Raises:
        WeightsError: They are missing; the message names the folders and a remedy.
    """
    folders = (shipped_folder(),) if entry.shipped else user_folders()
    for folder in folders:
        if (folder / entry.file).is_file():
            return folder / entry.file
    searched = ", ".join(str(folder) for folder in folders)
    usual = "reinstall lowlight-cli" if entry.shipped else "import them with `lle models import`"
    raise WeightsError(f"weights {entry.file} are missing in {searched}; {entry.remedy or usual}")


def refuse_folder(path: Path) -> None:
    """Refuses a folder where a weights file is expected.

    Raises:
        WeightsError: It is a folder; the message names the weights in it, if there is one file of them.
    """
    if path.is_dir():
        found = sorted(path.glob("*.safetensors"))
        remedy = f"use {found[0]}" if len(found) == 1 else "give the path of a *.safetensors file"
        raise WeightsError(f"weights {path} are a folder; {remedy}")


def weights_here(entry: WeightsEntry) -> Path | None:
    """Path of the weights, whose content is not checked; None if they are missing."""
    try:
        return find_weights(entry)
    except WeightsError:
        return None
