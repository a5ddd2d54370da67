"""Writes the files of a run, and describes the environment it runs in."""

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from lowlight_cli.accelerators import accelerator_of
from lowlight_cli.errors import ImageError, OutputError
from lowlight_cli.images.replace import replace_file
from lowlight_cli.versions import version_of


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


PACKAGES = ("lowlight-cli", "torch", "torchvision", "numpy", "pillow", "opencv-python", "safetensors")


def environment(device: torch.device) -> dict[str, Any]:
    """Package versions, machine and command line, ready for JSON.

    Args:
        device: Where the run computes.
    """
    accelerator = accelerator_of(device)
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "arguments": sys.argv[1:],
        "packages": {name: version_of(name) for name in PACKAGES},
        "python": platform.python_version(),
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": str(device),
        "gpu": accelerator.gpu_name(device.index or 0) if accelerator else None,
        "cuda": torch.version.cuda if device.type == "cuda" else None,
    }
