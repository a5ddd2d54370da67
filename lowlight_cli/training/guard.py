"""Decides on the device which steps of an optimizer are skipped, by their loss and gradient norm."""

from collections import deque
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import torch
from torch import Tensor

from lowlight_cli.accelerators import copied_to_host, recorded_event
from lowlight_cli.tensors import Scalar

WINDOW = 64
"""Number of past steps whose loss and gradient norm are kept."""

LEAST = 20
"""Number of kept steps from which on a step can count as a spike."""

LAG = 4
"""Steps after which an outcome is read from a GPU, which has computed it by then."""


class Outcome(IntEnum):
    """Outcome of a step; only a step that is taken changes weights."""

    TAKEN = 0
    SPIKE = 1
    BAD_LOSS = 2
    BAD_GRADIENT = 3


class Guard:
    """Compares the loss and the gradient norm of a step with those of the last 64 steps that were taken.

    A loss is a spike if it exceeds the median by more than ``factor`` times the median, the median deviation
    or 1, whichever is largest. A norm is a spike if it is more than ``factor`` times the median or ``clip``,
    whichever is larger. So a gradient that is hardly clipped is no spike, and neither is a loss that rises
    from 0, like that of a discriminator.

    Args:
        factor: See above; at least 1, or infinite for no spikes.
        clip: Largest norm of a gradient after clipping.
        device: Device of the losses and norms.

    Attributes:
        tolerance: Factor of ``factor``.
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
        """The ``Outcome`` of a step, as a number on the device; keeps loss and norm if the step is taken.

        Args:
            loss: Loss of the step.
            norm: Norm of its gradient before clipping.
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
        """Largest loss and norm that are no spikes; NaN before the first step."""
        losses, norms = self._history
        median, deviation = _median(losses), _median((losses - _median(losses)).abs())
        factor = self._factor * self.tolerance
        highest = median + factor * torch.maximum(median.abs(), deviation).clamp_min(1.0)
        return torch.stack([highest, factor * _median(norms).clamp_min(self._clip)])

    def forget(self) -> None:
        """Drops the history, for a phase with other losses."""
        self._history = torch.full_like(self._history, float("nan"))
        self._count = torch.zeros_like(self._count)

    def state_dict(self) -> dict[str, Any]:
        """The history."""
        return {"history": self._history, "count": self._count}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restores a saved history."""
        self._history = state["history"].to(self._history)
        self._count = state["count"].to(self._count)


def _median(values: Tensor) -> Tensor:
    """Median without NaN; along an axis, for which nothing waits for a GPU."""
    return values.nanmedian(0).values


class DelayedReader:
    """Reads numbers from a GPU some steps later, so that nothing waits for them.

    Args:
        lag: Number of steps until a number is read.
    """

    def __init__(self, lag: int) -> None:
        self._lag = lag
        self._coming: deque[tuple[Tensor, torch.cuda.Event | None]] = deque()

    def exchange(self, value: Tensor) -> Tensor | None:
        """Takes the number of this step, and returns that of ``lag`` steps before; None at first."""
        self._coming.append(_on_its_way(value))
        if len(self._coming) <= self._lag:
            return None
        found, arrival = self._coming.popleft()
        if arrival is not None:
            arrival.synchronize()
        return found


def lag_on(device: torch.device) -> int:
    """Number of steps after which numbers are read; 0 on a CPU."""
    return LAG if device.type == "cuda" else 0


def _on_its_way(value: Tensor) -> tuple[Tensor, torch.cuda.Event | None]:
    copy = copied_to_host(value)
    return copy, recorded_event(value.device) if value.is_cuda else None
