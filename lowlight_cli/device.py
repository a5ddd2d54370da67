"""Which device and which number format to compute with: the only place that asks what hardware exists."""

import torch

from lowlight_cli.catalog import Catalog
from lowlight_cli.errors import UnavailableError, UsageError

PRECISIONS: Catalog[torch.dtype] = Catalog(
    "precision", {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
)
"""Number formats by name; ``auto`` chooses between the first two."""

_CPU_PIXELS = 2**21
_CUDA_BYTES_PER_PIXEL = 4096
_CUDA_PIXELS = (2**20, 2**25)


def choose_device(name: str) -> torch.device:
    """Finds the device that a user asked for; ``auto`` is the first GPU, or the CPU where there is none.

    Args:
        name: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        UsageError: ``name`` is none of these.
        UnavailableError: The machine has no such device.
    """
    if name == "auto":
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    kind, colon, number = name.partition(":")
    if kind not in ("cpu", "cuda") or (
        colon and not (kind == "cuda" and number.isascii() and number.isdigit())
    ):
        raise UsageError(f"unknown device '{name}'; known: auto, cpu, cuda, cuda:N")
    if kind == "cpu":
        return torch.device("cpu")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if int(number or 0) >= count:
        raise UnavailableError(f"device '{name}' is not here; CUDA devices found: {count}")
    return torch.device("cuda", int(number or 0))


def choose_precision(name: str, device: torch.device) -> torch.dtype:
    """Finds the number format for the inside of a model; ``auto`` takes bfloat16 where it is native.

    Args:
        name: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        device: Where it will be used.

    Raises:
        UnknownNameError: ``name`` is none of these.
    """
    if name != "auto":
        return PRECISIONS[name]
    return torch.bfloat16 if _has_native_bf16(device) else torch.float32


def forward_pixels(device: torch.device) -> int:
    """Pixels that fit into one pass through a model, by a cautious guess; larger pictures go by tiles."""
    if device.type != "cuda":
        return _CPU_PIXELS
    free, _ = torch.cuda.mem_get_info(device)
    smallest, largest = _CUDA_PIXELS
    return min(max(free // _CUDA_BYTES_PER_PIXEL, smallest), largest)


def describe_precision(precision: torch.dtype) -> str:
    """Name of a number format in ``PRECISIONS``."""
    return next(name for name, dtype in PRECISIONS.items() if dtype is precision)


def _has_native_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    found = torch.cpu.get_capabilities()
    return bool(found.get("amx_bf16") or found.get("avx512_bf16"))
