"""Prepares batches in threads while earlier steps are computed.

Each item has its own random generator, and each batch is made by one thread, so batches do not depend on the
number of workers. Torch releases the global interpreter lock while it computes, and threads share images.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from lowlight_cli.training.config import RunSettings
from lowlight_cli.training.rng import ItemRngs, parts_of_step

BATCHES_PER_WORKER = 2

Batch = TypeVar("Batch")
Value = TypeVar("Value")


class BatchLoader(Generic[Batch]):
    """Makes the parts of each step's batch.

    Args:
        make: Makes a part on the CPU, a tensor or a tuple of tensors, from the given generators alone.
        settings: Batch size, length of the run, and number of workers.
        device: Target device; images are in channels-last layout there.
        waiting: Returns a context that measures the time spent waiting for a batch.
    """

    def __init__(
        self,
        make: Callable[[ItemRngs], Batch],
        settings: RunSettings,
        device: torch.device,
        waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._make = make
        self._settings = settings
        self._device = device
        self._waiting = waiting
        # Indexed by the number of the part in the whole run.
        self._ahead: deque[tuple[int, Future[tuple[Batch, ItemRngs]]]] = deque()
        self._pool = (
            ThreadPoolExecutor(settings.workers, "loader", _use_one_thread) if settings.workers else None
        )

    def of_step(self, step: int) -> Iterator[tuple[Batch, ItemRngs]]:
        """The parts of the batch of a step, each with the generators of its items.

        Args:
            step: Counted from 0; batches of the following steps are prepared meanwhile.
        """
        first = step * self._settings.accumulate
        for place in range(first, first + self._settings.accumulate):
            with self._waiting():
                batch, item_rngs = self._take(self._pool, place) if self._pool else self._made_here(place)
                batch = moved(batch, self._device)
            yield batch, item_rngs

    def _take(self, pool: ThreadPoolExecutor, place: int) -> tuple[Batch, ItemRngs]:
        while self._ahead and self._ahead[0][0] != place:
            self._ahead.popleft()[1].cancel()
        following = self._ahead[-1][0] + 1 if self._ahead else place
        last = self._settings.steps * self._settings.accumulate
        end = min(place + BATCHES_PER_WORKER * self._settings.workers, max(last, place + 1))
        for later in range(following, end):
            self._ahead.append((later, pool.submit(self._made, later)))
        return self._ahead.popleft()[1].result()

    def _made(self, place: int) -> tuple[Batch, ItemRngs]:
        step, part = divmod(place, self._settings.accumulate)
        item_rngs = parts_of_step(self._settings, step)[part]
        batch = self._make(item_rngs)
        return (pinned(batch) if self._device.type == "cuda" else batch), item_rngs

    def _made_here(self, place: int) -> tuple[Batch, ItemRngs]:
        """Makes a part in this thread, with the rounding of a worker."""
        threads = torch.get_num_threads()
        _use_one_thread()
        try:
            return self._made(place)
        finally:
            torch.set_num_threads(threads)


def moved(value: Value, device: torch.device) -> Value:
    """Moves tensors, alone or inside tuples, to a device; images in channels-last layout.

    Args:
        value: Tensor, tuple, named tuple, or anything else, which is returned unchanged.
        device: Target device.
    """

    def move(tensor: Tensor) -> Tensor:
        layout = torch.channels_last if tensor.dim() == 4 else torch.preserve_format
        return tensor.to(device, memory_format=layout, non_blocking=tensor.is_pinned())

    return _each(value, move)


def pinned(value: Value) -> Value:
    """Copies tensors, alone or inside tuples, to pinned memory."""
    return _each(value, Tensor.pin_memory)


def _each(value: Value, act: Callable[[Tensor], Tensor]) -> Value:
    result: Any = value
    if isinstance(value, Tensor):
        result = act(value)
    elif isinstance(value, tuple):
        parts = [_each(part, act) for part in value]
        result = type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return result


def _use_one_thread() -> None:
    """Limits torch to one thread, as each worker has one core."""
    torch.set_num_threads(1)
