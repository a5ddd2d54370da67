"""The way back of a run whose steps fail: to a checkpoint or an early state, at half the rate."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from lowlight_cli.errors import WeightsError
from lowlight_cli.training.checkpoints import read_state
from lowlight_cli.training.distributed import done_by_first, is_first
from lowlight_cli.training.optimizer import GuardedOptimizer
from lowlight_cli.training.run_state import LATELY, TOO_MANY, RunState


class Rollback:
    """Counts steps, and puts a good state back after too many were left out.

    Until there is a checkpoint, the state after the first steps is kept in memory, by the first process.

    Args:
        run_state: Counts what was left out.
        parts: All that has a state, by name.
        start: The checkpoint that the run began with, if any.
    """

    def __init__(self, run_state: RunState, parts: Mapping[str, Any], start: Path | None) -> None:
        self._run_state = run_state
        self._parts = parts
        self._optimizers = [part for part in parts.values() if isinstance(part, GuardedOptimizer)]
        self._path = start
        self._early: bytes | None = None
        self.slow_down()

    def slow_down(self) -> None:
        """Halves the rates once for each time that the run went back."""
        for optimizer in self._optimizers:
            optimizer.slow_down(self._run_state.returns)

    def numbers(self) -> dict[str, float]:
        """For the journal: gradient norm of the first optimizer before it was cut, and returns if any."""
        found = {} if not self._optimizers else {"gradient_norm": float(self._optimizers[0].norm)}
        return found | ({"returns": float(self._run_state.returns)} if self._run_state.returns else {})

    def lead_to(self, checkpoint: Path) -> None:
        """Goes back to this checkpoint from now on."""
        self._path, self._early = checkpoint, None

    def count(self, step: int, *, failed: bool) -> str | None:
        """Counts a step, and goes back where that is due; says so.

        Args:
            step: The step at hand, counted from 0.
            failed: Whether it was left out because numbers were not finite.

        Raises:
            DivergedError: Twenty were not finite in a row, or going back did not help.
            WeightsError: The checkpoint cannot be read any more.
        """
        spiked = any(optimizer.spiked for optimizer in self._optimizers)
        if self._run_state.count(failed=failed, spiked=spiked):
            return self._go_back(step)
        if self._run_state.is_calm and self._path is None and self._early is None and is_first():
            self._keep(step + 1)
        return None

    def _go_back(self, step: int) -> str:
        self._run_state.check_returns()
        state = done_by_first(self._state) or {"step": step + 1}
        if len(state) > 1:
            self._restore(state)
        self._run_state.go_back(state["step"])
        self.slow_down()
        share = f"1/{2**self._run_state.returns}"
        return (
            f"step {step + 1}: {TOO_MANY} of {LATELY} steps were left out; going on from step "
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
            raise WeightsError(f"cannot go back to {self._path}: {error}") from error
