"""Classifies device errors as memory shortage, lost device or other, and frees memory after them."""

import gc

import torch

from lowlight_cli.accelerators import accelerator_of
from lowlight_cli.errors import UnavailableError

MEMORY_ERRORS = (torch.OutOfMemoryError, MemoryError, RuntimeError)
"""Types raised when memory is short; check with ``is_shortage``, as a bug may raise ``RuntimeError`` too."""

_SHORTAGES = (
    "out of memory",  # AcceleratorError: CUDA error: out of memory; also MPS and XPU
    "out_of_memory",
    "allocate memory",  # PyTorch on a CPU
    "failed to allocate",  # OpenCV
    "you tried to allocate",  # PyTorch on a CPU, on Windows
    "cudnn_status_alloc_failed",
    "cublas_status_alloc_failed",
    "unable to find an engine",  # cuDNN, when no workspace fits
    "unable to find a valid cudnn algorithm",
)
"""Parts of messages about a memory shortage, in lower case."""


class DeviceLostError(UnavailableError):
    """The device fails for the rest of the process, as after an illegal memory access."""


def is_shortage(error: BaseException) -> bool:
    """Whether an error means that memory ran out."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return any(words in text for words in _SHORTAGES)


def is_lost(device: torch.device) -> bool:
    """Whether even a trivial computation fails on a device, as after a fatal CUDA error."""
    if device.type == "cpu":
        return False
    try:
        torch.zeros(1, device=device).add(1).item()
    except RuntimeError as error:
        return not is_shortage(error)
    return False


def release(error: BaseException, device: torch.device) -> None:
    """Frees memory after a pass that ran out of it; raises any other error again.

    Args:
        error: What the pass raised.
        device: Where the pass ran.
    """
    if not is_shortage(error):
        raise error
    error.__traceback__ = None  # its frames hold the tensors of the failed pass
    if accelerator := accelerator_of(device):
        accelerator.empty_cache()


def free_everything(device: torch.device) -> None:
    """Collects reference cycles and empties the memory cache of the device.

    Args:
        device: Where memory is short.
    """
    gc.collect()
    if accelerator := accelerator_of(device):
        accelerator.synchronize(device)
        accelerator.empty_cache()
