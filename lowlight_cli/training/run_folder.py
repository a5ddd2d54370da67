"""The folder of one training run: settings, journal, checkpoints, samples."""

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from pydantic import BaseModel
from torch import Tensor, nn

from lowlight_cli.checkpoints.save import save_weights
from lowlight_cli.errors import DivergedError, OutputError, WeightsError
from lowlight_cli.images.encode import encode
from lowlight_cli.images.picture import still
from lowlight_cli.images.settings import WriteSettings
from lowlight_cli.tensors import Images
from lowlight_cli.training.config import Recipe, RunSettings

LONGEST_STREAK = 10


def as_line(values: Mapping[str, float]) -> str:
    """Numbers with their names on one line."""
    return "  ".join(f"{name} {value:.4f}" for name, value in values.items())


@runtime_checkable
class Stateful(Protocol):
    """Anything whose state can be saved and put back."""

    def state_dict(self) -> Mapping[str, Any]:
        """The state."""

    def load_state_dict(self, state: dict[str, Any]) -> object:
        """Puts a state back."""


class RunFolder:
    """Writes and finds again all that a run leaves behind.

    Args:
        path: The folder; made if absent.
        recipe: Settings to write down as ``config.resolved.json``.

    Raises:
        OutputError: The folder cannot be written.
    """

    def __init__(self, path: Path, recipe: BaseModel) -> None:
        self.path = path
        self.started = time.monotonic()
        self._bad_steps = 0
        try:
            (path / "ckpt").mkdir(parents=True, exist_ok=True)
            (path / "samples").mkdir(exist_ok=True)
            (path / "config.resolved.json").write_text(recipe.model_dump_json(indent=1) + "\n")
        except OSError as error:
            raise OutputError(f"cannot write run folder {path}: {error.strerror}") from error

    @property
    def checkpoint(self) -> Path:
        """Where the state to resume from lies."""
        return self.path / "ckpt" / "last.pt"

    def minutes(self) -> float:
        """Minutes since this start."""
        return (time.monotonic() - self.started) / 60

    def is_over(self, limit_minutes: float | None) -> bool:
        """Whether the time limit of this start has passed."""
        return limit_minutes is not None and self.minutes() >= limit_minutes

    def is_last(self, step: int, settings: RunSettings) -> bool:
        """Whether ``step``, counted from 0, is the last of this start."""
        return step + 1 == settings.steps or self.is_over(settings.limit_minutes)

    @staticmethod
    def is_due(step: int, every: int) -> bool:
        """Whether something done every so many steps is done after ``step``, counted from 0."""
        return (step + 1) % every == 0

    def report(
        self, step: int, settings: RunSettings, tell: Callable[[str], None], **values: float | Tensor
    ) -> None:
        """Writes the journal and tells the numbers, where it is time to."""
        if self.is_due(step, settings.journal_every):
            tell(f"step {step + 1}/{settings.steps}  {as_line(self.journal(step, **values))}")

    def save(self, step: int, **parts: Stateful) -> None:
        """Writes the state after ``step`` steps, whole or not at all."""
        state = {"step": step, **{name: part.state_dict() for name, part in parts.items()}}
        temporary = self.checkpoint.with_name(f"last.pt.lle-tmp-{os.getpid()}")
        torch.save(state, temporary)
        temporary.replace(self.checkpoint)

    def resume(self, *, wanted: bool, **parts: Stateful) -> int:
        """Puts the last state back and gives the number of steps done; 0 for a new run.

        Raises:
            WeightsError: The checkpoint is of another recipe or damaged.
        """
        journal = self.path / "metrics.jsonl"
        if not (wanted and self.checkpoint.exists()):
            journal.unlink(missing_ok=True)
            return 0
        try:
            state = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
            for name, part in parts.items():
                part.load_state_dict(state[name])
        except (KeyError, RuntimeError, ValueError, EOFError) as error:
            raise WeightsError(f"cannot resume from {self.checkpoint}: {error}") from error
        self._forget_lines_from(journal, state["step"])
        return int(state["step"])

    @staticmethod
    def _forget_lines_from(journal: Path, step: int) -> None:
        if journal.exists():
            lines = [line for line in journal.read_text().splitlines() if json.loads(line)["step"] < step]
            journal.write_text("".join(line + "\n" for line in lines))

    def journal(self, step: int, **values: float | Tensor) -> dict[str, float]:
        """Appends one line to ``metrics.jsonl`` and gives its numbers."""
        row = {n: float(v.detach() if isinstance(v, Tensor) else v) for n, v in values.items()}
        line = json.dumps({"step": step, **{name: float(f"{value:.6g}") for name, value in row.items()}})
        with (self.path / "metrics.jsonl").open("a") as file:
            file.write(line + "\n")
        return row

    def is_finite(self, loss: Tensor) -> bool:
        """Whether a step with this loss may be taken.

        Raises:
            DivergedError: It is the tenth bad loss in a row.
        """
        if bool(torch.isfinite(loss.detach())):
            self._bad_steps = 0
            return True
        self._bad_steps += 1
        if self._bad_steps >= LONGEST_STREAK:
            raise DivergedError(f"training diverged; the last good checkpoint is {self.checkpoint}")
        return False

    def samples(self, step: int, *columns: Images) -> None:
        """Writes a grid, one picture per row and one column per argument."""
        rows = [torch.cat([column[i] for column in columns], dim=2) for i in range(len(columns[0]))]
        grid = torch.cat(rows, dim=1).detach().float().clamp(0, 1).cpu()
        pixels = (grid * 255).round().byte().permute(1, 2, 0).numpy()
        target = self.path / "samples" / f"step-{step:06d}.jpg"
        encode(still(pixels), target, WriteSettings(quality=92))

    def export(self, name: str, model: nn.Module, recipe: Recipe, *, step: int) -> Path:
        """Writes the weights as ``<name>.safetensors`` and gives the path.

        The file says what made it, but not where the pictures lay.
        """
        provenance = recipe.model_dump(mode="json", exclude={"model", "data", "vqgan", "semantic", "start"})
        metadata = {
            "architecture": name,
            "config": recipe.model_dump(mode="json")["model"],
            "provenance": provenance | {"steps_done": step},
        }
        return save_weights(self.path / f"{name}.safetensors", model, metadata)
