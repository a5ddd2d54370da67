"""Peak memory of a piece of work, in this program and on its GPU.

A file of its own, because how a peak is reset and read depends on the system, and not on what is measured.
"""

import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import torch

from lowlight_cli.accelerators import accelerator_of, peak_memory_mb
from lowlight_cli.device import CPU

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_PEAK = re.compile(r"^VmHWM:\s*(\d+) kB", re.MULTILINE)


class Peak(NamedTuple):
    """Peak memory in MiB.

    Attributes:
        host: Of the whole program; None if not known.
        gpu: What PyTorch held on the GPU; None without a GPU.
    """

    host: float | None
    gpu: float | None


def reset_peak(device: torch.device) -> None:
    """Lets ``read_peak`` count from now on; where the system cannot, the host counts from the start.

    Args:
        device: Where the model runs.
    """
    with suppress(OSError):
        _RESET.write_text("5")
    if accelerator := accelerator_of(device):
        accelerator.reset_peak(device)


def read_peak(device: torch.device) -> Peak:
    """Peak memory since ``reset_peak``.

    Args:
        device: Where the model runs.
    """
    on_gpu = None if device.type == "cpu" else peak_memory_mb(device)
    if sys.platform == "linux":
        with suppress(OSError):
            if found := _PEAK.search(_STATUS.read_text()):
                return Peak(int(found[1]) / 2**10, on_gpu)
    return Peak(peak_memory_mb(CPU), on_gpu)
