"""Writes the files of a run, and describes the environment it runs in."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lowlight_cli.errors import ImageError, LockedError, OutputError
from lowlight_cli.images.replace import replace_file
from lowlight_cli.pipeline.lock import output_lock
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.settings import SETTINGS_FILE, as_toml
from lowlight_cli.versions import version_of

if TYPE_CHECKING:
    import torch


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file atomically.

    Raises:
        OutputError: It cannot be written; an older file is unchanged.
    """
    try:
        replace_file(path, data)
    except ImageError as error:
        raise OutputError(f"cannot write {error}") from error


def append_line(path: Path, line: str) -> None:
    """Appends a line to a text file.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


class TrainLog:
    """Messages of a run, passed on and appended to a file with their time.

    Args:
        path: The file, in a folder that is made later.
        on_message: Called with each message.
    """

    def __init__(self, path: Path, on_message: Callable[[str], None]) -> None:
        self._path = path
        self._on_message = on_message
        self._early_lines: list[str] | None = []

    def add(self, line: str) -> None:
        """Adds a message."""
        self._on_message(line)
        timed = f"{datetime.now(UTC).isoformat(timespec='seconds')}  {line}"
        if self._early_lines is None:
            append_line(self._path, timed)
        else:
            self._early_lines.append(timed)

    def open(self) -> None:
        """Starts the file, now that there is a folder."""
        for line in self._early_lines or ():
            append_line(self._path, line)
        self._early_lines = None


def check_place(folder: Path) -> None:
    """Checks that a folder can be written, or made where it is missing, without making it.

    Raises:
        OutputError: It cannot.
    """
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise OutputError(f"cannot write to '{folder}': {nearest} is not a folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise OutputError(f"cannot write to '{folder}': no permission to write to {nearest}")


def hold(folder: Path, held: ExitStack) -> None:
    """Locks a run folder until ``held`` is closed, so that no second training writes to it meanwhile.

    Raises:
        LockedError: Another training writes to it.
    """
    try:
        held.enter_context(output_lock(folder))
    except LockedError:
        raise LockedError(f"another training writes to {folder}: choose another --out") from None


def record_start(folder: Path, recipe: Recipe, device: "torch.device") -> None:
    """Writes the settings of a run and the environment that it starts in.

    Args:
        folder: The run folder.
        recipe: Settings of the run.
        device: Where the run computes.

    Raises:
        OutputError: A file cannot be written.
    """
    write_whole(folder / SETTINGS_FILE, as_toml(recipe).encode())
    machine = {"architecture": recipe.architecture, **environment(device)}
    write_whole(folder / "env.json", (json.dumps(machine, indent=1) + "\n").encode())


PACKAGES = ("lowlight-cli", "torch", "torchvision", "numpy", "pillow", "opencv-python", "safetensors")


def environment(device: "torch.device") -> dict[str, Any]:
    """Package versions, machine and command line, ready for JSON.

    Args:
        device: Where the run computes.
    """
    import torch

    from lowlight_cli.accelerators import accelerator_of

    accelerator = accelerator_of(device)
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "arguments": sys.argv[1:],
        "commit": commit_of(Path(__file__).parent),
        "packages": {name: version_of(name) for name in PACKAGES},
        "python": platform.python_version(),
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": str(device),
        "gpu": accelerator.gpu_name(device.index or 0) if accelerator else None,
        "cuda": torch.version.cuda if device.type == "cuda" else None,
    }


def commit_of(folder: Path) -> str | None:
    """Git commit that a folder of source code was checked out from, with ``+`` after local changes.

    None outside of a checkout, and without git.
    """

    def git(*words: str) -> str:
        command = ["git", "-C", str(folder), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()

    try:
        # A package inside of an unrelated repository, such as a virtual environment, is not tracked there.
        git("ls-files", "--error-unmatch", "__init__.py")
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "-uno", ".") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def provenance(recipe: Recipe, step: int) -> dict[str, Any]:
    """Metadata of a weights file: how it was made, without the paths of the data.

    Args:
        recipe: Settings of the run.
        step: Number of steps done.
    """
    places = {"model", "data", "vqgan", "semantic", "start", "lpips_backbone", "lpips_heads", "vgg19"}
    settings = recipe.model_dump(mode="json", exclude=places)
    return {
        "architecture": recipe.architecture,
        "config": recipe.model_dump(mode="json")["model"],
        "provenance": settings | {"steps_done": step},
    }
