"""Several processes that train one model together, as ``torchrun`` starts them: the only place that asks.

Every process holds the whole model and computes its parts of each batch; gradients are averaged, so all take
the same steps. A single process passes through here unchanged.
"""

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
"""How long a process waits for the others, such as for the first while it saves."""

Value = TypeVar("Value")


def rank() -> int:
    """Which process this is, from 0."""
    return dist.get_rank() if _together() else 0


def world_size() -> int:
    """How many processes train together."""
    return dist.get_world_size() if _together() else 1


def is_first() -> bool:
    """Whether this is the process that writes and tells."""
    return rank() == 0


def is_first_here() -> bool:
    """Whether this is the first process of its machine."""
    return not _together() or os.environ.get("LOCAL_RANK", str(rank())) == "0"


def device_of_process(name: str) -> str:
    """Which device a process takes: under ``torchrun`` each on a machine has a GPU of its own.

    Args:
        name: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        UsageError: One GPU is named for several processes.
    """
    if not _is_launched() or name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return name
    if ":" in name and int(os.environ.get("LOCAL_WORLD_SIZE", "1")) > 1:
        raise UsageError(f"several processes cannot share {name}: say cuda, and each takes its own")
    return name if ":" in name else f"cuda:{os.environ.get('LOCAL_RANK', '0')}"


@contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Joins the other processes while it lasts, where a launcher started several.

    Args:
        device: Where this process computes.

    Raises:
        UsageError: The launcher said too little.
    """
    if not _is_launched() or _together():
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    try:
        dist.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
        largest([0])  # all are there
    except (ValueError, RuntimeError, LowlightError) as error:
        raise UsageError(f"cannot join the other processes: {error}; start them with torchrun") from error
    try:
        yield
    finally:
        dist.destroy_process_group()


def summed(values: Tensor) -> Tensor:
    """Sum over the processes of tensors of one shape; in place where there are several."""
    if _together():
        with _in_touch():
            dist.all_reduce(values)
    return values


def largest(values: Sequence[float | int]) -> list[float]:
    """The largest over the processes of each number."""
    if not _together():
        return [float(value) for value in values]
    found = torch.tensor(values, dtype=torch.float64)
    with _in_touch():
        dist.all_reduce(found, dist.ReduceOp.MAX)
    return [float(value) for value in found]


def of_all(value: Value) -> list[Value]:
    """What each process has, in their order."""
    if not _together():
        return [value]
    found: list[Any] = [None] * world_size()
    with _in_touch():
        dist.all_gather_object(found, value)
    return found


def means_of_all(values: Mapping[str, float | Tensor]) -> dict[str, float]:
    """Means over the processes of numbers by name; one that a process does not have counts as zero there."""
    rows = of_all({name: _number(value) for name, value in values.items()})
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: sum(row.get(name, 0.0) for row in rows) / len(rows) for name in names}


def of_first(value: Value) -> Value:
    """What the first process has."""
    if not _together():
        return value
    found: list[Any] = [value]
    with _in_touch():
        dist.broadcast_object_list(found, src=0)
    return found[0]


def items_of_all(values: Tensor) -> Tensor:
    """Items of all processes in the order of the batch, from those dealt to each, first axis first."""
    if not _together():
        return values
    found = [torch.empty_like(values, memory_format=torch.contiguous_format) for _ in range(world_size())]
    with _in_touch():
        dist.all_gather(found, values.contiguous())
    return torch.stack(found, dim=1).flatten(0, 1)


def done_by_first(action: Callable[[], Value]) -> Value:
    """Lets the first process act; all have its result, and all fail if it does.

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
    told = of_first((result, None if fault is None else (type(fault), str(fault))))
    if fault is not None:
        raise fault
    if told[1] is not None:
        kind, message = told[1]
        raise kind(message)
    return told[0]  # type: ignore[return-value]


def _number(value: float | Tensor) -> float:
    return float(value.detach() if isinstance(value, Tensor) else value)


def _together() -> bool:
    return dist.is_available() and dist.is_initialized()


def _is_launched() -> bool:
    return "RANK" in os.environ and "WORLD_SIZE" in os.environ


@contextmanager
def _in_touch() -> Iterator[None]:
    """Turns the loss of a process into an error with a name."""
    try:
        yield
    except RuntimeError as error:
        line = next(iter(str(error).splitlines()), "no reason given")
        raise LowlightError(f"lost touch with the other processes of this run: {line}") from error
