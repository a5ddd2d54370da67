"""What to do when memory runs out: tell it from a bug, and give back what a failed pass holds."""

import gc

import torch

MEMORY_ERRORS = (torch.OutOfMemoryError, MemoryError, RuntimeError)
"""What may be raised where memory is short; a bug may be a ``RuntimeError`` too."""


def release(error: BaseException, device: torch.device) -> None:
    """Gives memory back after a failed pass; an error of another kind goes on.

    Args:
        error: What the pass raised.
        device: Where it was computed.
    """
    out_of_memory = isinstance(error, torch.OutOfMemoryError | MemoryError)
    if not out_of_memory and "allocate memory" not in str(error):  # what PyTorch says on a CPU
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
