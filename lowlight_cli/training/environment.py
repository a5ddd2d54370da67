"""What a run was made with: versions, machine, call."""

import os
import platform
import sys
from datetime import UTC, datetime
from typing import Any

import torch

from lowlight_cli.versions import version_of

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
