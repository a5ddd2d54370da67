"""Files of a run: whole or not at all, and a line more; a full disk is an error with a name."""

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from lowlight_cli.errors import ImageError, OutputError
from lowlight_cli.images.replace import replace_file
from lowlight_cli.versions import version_of


def write_whole(path: Path, data: bytes) -> None:
    """Puts data under a name in one step.

    Raises:
        OutputError: It cannot be written; an older file is as it was.
    """
    try:
        replace_file(path, data)
    except ImageError as error:
        raise OutputError(f"cannot write {error}") from error


def append_line(path: Path, line: str) -> None:
    """Adds a line to a file of text.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


PACKAGES = ("lowlight-cli", "torch", "torchvision", "numpy", "pillow", "opencv-python", "safetensors")


def environment(device: torch.device) -> dict[str, Any]:
    """Versions, machine and call as JSON holds them.

    Args:
        device: Where the run computes.
    """
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "arguments": sys.argv[1:],
        "packages": {name: version_of(name) for name in PACKAGES},
        "python": platform.python_version(),
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": str(device),
        "gpu": torch.cuda.get_device_name(device) if device.type == "cuda" else None,
        "cuda": torch.version.cuda if device.type == "cuda" else None,
    }
