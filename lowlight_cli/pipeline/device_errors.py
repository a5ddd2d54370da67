"""What to do when a device fails: recognize a lack of memory, a lost device, and all other errors."""

import gc

import torch

from lowlight_cli.errors import UnavailableError

MEMORY_ERRORS = (torch.OutOfMemoryError, MemoryError, RuntimeError)
"""What may be raised where memory is short; a bug may be a ``RuntimeError`` too."""

_SHORTAGES = (
    "out of memory",  # AcceleratorError: CUDA error: out of memory; MPS and XPU say it, too
    "out_of_memory",
    "allocate memory",  # PyTorch on a CPU
    "failed to allocate",  # OpenCV
    "you tried to allocate",  # PyTorch on a CPU, on Windows
    "cudnn_status_alloc_failed",
    "cublas_status_alloc_failed",
    "unable to find an engine",  # cuDNN, when no workspace fits
    "unable to find a valid cudnn algorithm",
)
"""What messages of a lack of memory contain, in small letters."""


class DeviceLostError(UnavailableError):
    """The device answers no more, as after an illegal memory access; only a new process can use it again."""


def is_shortage(error: BaseException) -> bool:
    """Whether an error means that memory was too short."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return any(words in text for words in _SHORTAGES)


def is_lost(device: torch.device) -> bool:
    """Whether a device refuses the smallest computation: an earlier error holds for the whole process."""
    if device.type == "cpu":
        return False
    try:
        torch.zeros(1, device=device).add(1).item()
    except RuntimeError as error:
        return not is_shortage(error)
    return False


def release(error: BaseException, device: torch.device) -> None:
    """Gives memory back after a failed pass; an error of another kind goes on.

    Args:
        error: What the pass raised.
        device: Where it was computed.
    """
    if not is_shortage(error):
        raise error
    error.__traceback__ = None  # its frames hold the tensors of the failed pass
    if device.type == "cuda":
        torch.cuda.empty_cache()


def free_everything(device: torch.device) -> None:
    """Collects what is in cycles and empties the cache of the device.

    Args:
        device: Where memory is short.
    """
    gc.collect()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.empty_cache()
