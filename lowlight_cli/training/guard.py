"""Watches the loss and the gradient of an optimizer: which steps are left out. All of it on their device."""

from collections import deque
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import torch
from torch import Tensor

from lowlight_cli.tensors import Scalar

WINDOW = 64
"""Steps whose loss and gradient norm are remembered."""

LEAST = 20
"""Steps that must be remembered before a step can be a spike."""

LAG = 4
"""Steps after which the outcome of a step on a GPU is read, which by then has computed it."""


class Outcome(IntEnum):
    """What became of a step; only the first changes anything."""

    TAKEN = 0
    SPIKE = 1
    BAD_LOSS = 2
    BAD_GRADIENT = 3


class Guard:
    """Compares the loss and the gradient norm of a step with those of the last 64 that were taken.

    A loss is a spike if it is above the median by more than ``factor`` times the median, the median deviation
    or 1, whichever is largest; a norm, if it is more than ``factor`` times the median or ``clip``. So nothing
    is a spike that would hardly be clipped, nor a loss that rises from 0, as that of a critic does.

    Args:
        factor: How far above the median a spike is, at least 1; infinite for no spikes.
        clip: Norm to which gradients are cut.
        device: Where losses and norms are.

    Attributes:
        tolerance: What ``factor`` is multiplied by.
    """

    def __init__(self, factor: float, clip: float, device: torch.device) -> None:
        self.tolerance = 1.0
        self._factor = factor
        self._history = torch.full((2, WINDOW), float("nan"), device=device)
        self._count = torch.zeros((), dtype=torch.int64, device=device)
        self._places = torch.arange(WINDOW, device=device)
        self._clip = clip

    @torch.no_grad()
    def outcome(self, loss: Scalar, norm: Scalar) -> Tensor:
        """The ``Outcome`` of a step, as a number on the device; one that is taken is remembered.

        Args:
            loss: Of the step.
            norm: Of its gradient, before it is cut.
        """
        values = torch.stack([loss.float(), norm.float()])
        is_finite = values.isfinite()
        is_spike = (values > self._limits()).any() & (self._count >= LEAST)
        is_taken = is_finite.all() & ~is_spike
        is_place = is_taken & (self._places == self._count % WINDOW)
        self._history = torch.where(is_place, values[:, None], self._history)
        self._count = self._count + is_taken
        good = torch.where(is_finite[1], is_spike * int(Outcome.SPIKE), int(Outcome.BAD_GRADIENT))
        return torch.where(is_finite[0], good, int(Outcome.BAD_LOSS))

    def _limits(self) -> Tensor:
        """Largest loss and norm that are no spikes; not a number before the first step."""
        losses, norms = self._history
        median, deviation = _median(losses), _median((losses - _median(losses)).abs())
        factor = self._factor * self.tolerance
        highest = median + factor * torch.maximum(median.abs(), deviation).clamp_min(1.0)
        return torch.stack([highest, factor * _median(norms).clamp_min(self._clip)])

    def forget(self) -> None:
        """Begins anew, for a phase in which other losses are to be expected."""
        self._history = torch.full_like(self._history, float("nan"))
        self._count = torch.zeros_like(self._count)

    def state_dict(self) -> dict[str, Any]:
        """What is remembered."""
        return {"history": self._history, "count": self._count}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Goes on from what was remembered."""
        self._history = state["history"].to(self._history)
        self._count = state["count"].to(self._count)


def _median(values: Tensor) -> Tensor:
    """Median of those that are numbers; along an axis, which no GPU waits for."""
    return values.nanmedian(0).values


class DelayedReader:
    """Numbers that nobody waits for: of a GPU they are read some steps later, by then without a wait.

    Args:
        lag: Steps until then.
    """

    def __init__(self, lag: int) -> None:
        self._lag = lag
        self._coming: deque[tuple[Tensor, torch.cuda.Event | None]] = deque()

    def exchange(self, value: Tensor) -> Tensor | None:
        """Hands in the number of this step, and gives that of ``lag`` steps before; None if there is none."""
        self._coming.append(_on_its_way(value))
        if len(self._coming) <= self._lag:
            return None
        found, arrival = self._coming.popleft()
        if arrival is not None:
            arrival.synchronize()
        return found


def lag_on(device: torch.device) -> int:
    """Steps after which numbers are read: those of a CPU are there at once."""
    return LAG if device.type == "cuda" else 0


def _on_its_way(value: Tensor) -> tuple[Tensor, torch.cuda.Event | None]:
    if not value.is_cuda:
        return value, None
    copy = torch.empty_like(value, device="cpu", pin_memory=True).copy_(value, non_blocking=True)
    arrival = torch.cuda.Event()
    arrival.record()
    return copy, arrival
