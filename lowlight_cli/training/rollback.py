"""Rolls a run back to its last good state, at half the learning rate, after too many skipped steps."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from lowlight_cli.errors import WeightsError
from lowlight_cli.training.checkpoints import Stateful, read_state
from lowlight_cli.training.distributed import done_by_first, is_first
from lowlight_cli.training.optimizer import GuardedOptimizer
from lowlight_cli.training.run_state import RECENT, TOO_MANY, RunState


class Rollback:
    """Counts steps, and restores a good state after too many were skipped.

    Until there is a checkpoint, the first process keeps the state after the first steps in memory.

    Args:
        run_state: Counts skipped steps.
        parts: Everything that has a state, by name.
        start: The checkpoint that the run resumed from, if any.
    """

    def __init__(self, run_state: RunState, parts: Mapping[str, Stateful], start: Path | None) -> None:
        self._run_state = run_state
        self._parts = parts
        self._optimizers = [part for part in parts.values() if isinstance(part, GuardedOptimizer)]
        self._path = start
        self._early: bytes | None = None
        self.slow_down()

    def slow_down(self) -> None:
        """Halves the learning rates once for each rollback so far."""
        for optimizer in self._optimizers:
            optimizer.slow_down(self._run_state.rollbacks)

    @property
    def rate(self) -> float | None:
        """Learning rate of the first optimizer in the last step; None without optimizers."""
        return self._optimizers[0].current_rate if self._optimizers else None

    def numbers(self) -> dict[str, float]:
        """For the metrics log: gradient norm before clipping, learning rate, and rollbacks if any."""
        found = {} if not self._optimizers else {"gradient_norm": float(self._optimizers[0].norm)}
        found |= {} if self.rate is None else {"lr": self.rate}
        return found | ({"returns": float(self._run_state.rollbacks)} if self._run_state.rollbacks else {})

    def use_checkpoint(self, checkpoint: Path) -> None:
        """Rolls back to this checkpoint from now on."""
        self._path, self._early = checkpoint, None

    def count(self, step: int, *, failed: bool) -> str | None:
        """Counts a step, and rolls back if too many were skipped; then returns a message for the user.

        Args:
            step: The current step, counted from 0.
            failed: Whether it was skipped because its numbers were not finite.

        Raises:
            DivergedError: Twenty steps in a row were not finite, or rolling back did not help.
            WeightsError: The checkpoint can no longer be read.
        """
        spiked = any(optimizer.spiked for optimizer in self._optimizers)
        if self._run_state.count(failed=failed, spiked=spiked):
            return self._roll_back(step)
        if self._run_state.is_stable and self._path is None and self._early is None and is_first():
            self._keep(step + 1)
        return None

    def _roll_back(self, step: int) -> str:
        self._run_state.check_rollbacks()
        state = done_by_first(self._state) or {"step": step + 1}
        if len(state) > 1:
            self._restore(state)
        self._run_state.roll_back(state["step"])
        self.slow_down()
        share = f"1/{2**self._run_state.rollbacks}"
        return (
            f"step {step + 1}: {TOO_MANY} of {RECENT} steps were skipped; rolling back to step "
            f"{state['step']} at {share} of the learning rate"
        )

    def _keep(self, step: int) -> None:
        file = BytesIO()
        torch.save({"step": step} | {name: part.state_dict() for name, part in self._parts.items()}, file)
        self._early = file.getvalue()

    def _state(self) -> dict[str, Any] | None:
        if self._path is not None:
            return read_state(self._path)
        if self._early is None:
            return None
        state: dict[str, Any] = torch.load(BytesIO(self._early), map_location="cpu", weights_only=True)
        return state

    def _restore(self, state: Mapping[str, Any]) -> None:
        try:
            for name, part in self._parts.items():
                part.load_state_dict(state[name])
        except (KeyError, RuntimeError, ValueError) as error:
            raise WeightsError(f"cannot roll back to {self._path}: {error}") from error
