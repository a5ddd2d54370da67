"""Communication between processes that train one model, as ``torchrun`` starts them.

Every process holds the whole model and computes its parts of each batch; gradients are averaged, so that all
take the same steps. With a single process these functions return their input. No other module asks
``torch.distributed``.
"""

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from lowlight_cli.errors import LowlightError, UsageError

PATIENCE = timedelta(hours=1)
"""Longest wait for another process, such as for the first one while it saves."""

Value = TypeVar("Value")


def rank() -> int:
    """Number of this process, from 0."""
    return dist.get_rank() if _together() else 0


def world_size() -> int:
    """Number of processes that train together."""
    return dist.get_world_size() if _together() else 1


def is_first() -> bool:
    """Whether this is the process that writes and prints."""
    return rank() == 0


def is_first_here() -> bool:
    """Whether this is the first process of its machine."""
    return not _together() or os.environ.get("LOCAL_RANK", str(rank())) == "0"


def device_of_process(name: str) -> str:
    """Device of this process: under ``torchrun`` each process of a machine takes its own GPU.

    Args:
        name: ``auto``, ``cpu``, ``cuda``, ``cuda:N``, ``xpu`` or ``xpu:N``.

    Raises:
        UsageError: Several processes would share one GPU.
    """
    if not _is_launched() or name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return name
    if ":" in name and int(os.environ.get("LOCAL_WORLD_SIZE", "1")) > 1:
        raise UsageError(f"several processes cannot share {name}: use --device cuda, and each takes its own")
    return name if ":" in name else f"cuda:{os.environ.get('LOCAL_RANK', '0')}"


@contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Joins the other processes inside the ``with`` block, if a launcher started several.

    Args:
        device: Device of this process.

    Raises:
        UsageError: The variables of the launcher are incomplete, or a process is missing.
    """
    if not _is_launched() or _together():
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    try:
        dist.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
        largest([0])  # wait until all have joined
    except (ValueError, RuntimeError, LowlightError) as error:
        raise UsageError(f"cannot join the other processes: {error}; start them with torchrun") from error
    try:
        yield
    finally:
        dist.destroy_process_group()
        # What reference cycles hold would be destroyed at the end of Python, where one process in ten aborts
        # ("terminate called without an active exception", PyTorch 2.15 with gloo).
        gc.collect()


def summed(values: Tensor) -> Tensor:
    """Sum of a tensor over the processes; in place if there are several."""
    if _together():
        with _connected():
            dist.all_reduce(values)
    return values


def largest(values: Sequence[float | int]) -> list[float]:
    """Maximum of each number over the processes."""
    if not _together():
        return [float(value) for value in values]
    found = torch.tensor(values, dtype=torch.float64)
    with _connected():
        dist.all_reduce(found, dist.ReduceOp.MAX)
    return [float(value) for value in found]


def of_all(value: Value) -> list[Value]:
    """The values of all processes, in their order."""
    if not _together():
        return [value]
    found: list[Any] = [None] * world_size()
    with _connected():
        dist.all_gather_object(found, value)
    return found


def means_of_all(values: Mapping[str, float | Tensor]) -> dict[str, float]:
    """Means of numbers by name over the processes; a missing number counts as zero."""
    rows = of_all({name: _number(value) for name, value in values.items()})
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: sum(row.get(name, 0.0) for row in rows) / len(rows) for name in names}


def of_first(value: Value) -> Value:
    """The value of the first process."""
    if not _together():
        return value
    found: list[Any] = [value]
    with _connected():
        dist.broadcast_object_list(found, src=0)
    return found[0]


def items_of_all(values: Tensor) -> Tensor:
    """Items of all processes along the first axis, in the order of the batch."""
    if not _together():
        return values
    found = [torch.empty_like(values, memory_format=torch.contiguous_format) for _ in range(world_size())]
    with _connected():
        dist.all_gather(found, values.contiguous())
    return torch.stack(found, dim=1).flatten(0, 1)


def done_by_first(action: Callable[[], Value]) -> Value:
    """Runs an action in the first process; all processes return its result, or raise its error.

    Raises:
        LowlightError: As ``action`` did.
    """
    if not _together():
        return action()
    result, fault = None, None
    if is_first():
        try:
            result = action()
        except LowlightError as error:
            fault = error
    shared = of_first((result, None if fault is None else (type(fault), str(fault))))
    if fault is not None:
        raise fault
    if shared[1] is not None:
        kind, message = shared[1]
        raise kind(message)
    return shared[0]  # type: ignore[return-value]


def _number(value: float | Tensor) -> float:
    return float(value.detach() if isinstance(value, Tensor) else value)


def _together() -> bool:
    return dist.is_available() and dist.is_initialized()


def _is_launched() -> bool:
    return "RANK" in os.environ and "WORLD_SIZE" in os.environ


@contextmanager
def _connected() -> Iterator[None]:
    """Reports a lost process as an error."""
    try:
        yield
    except RuntimeError as error:
        line = next(iter(str(error).splitlines()), "no reason given")
        raise LowlightError(f"lost the connection to the other processes of this run: {line}") from error
