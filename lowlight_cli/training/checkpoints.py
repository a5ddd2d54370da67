"""Writes, reads and prunes the checkpoints of a run."""

import os
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch

from lowlight_cli.errors import OutputError, WeightsError
from lowlight_cli.images.replace import temporary_path
from lowlight_cli.training.distributed import of_first, world_size

SUFFIXES = (".pt", ".safetensors")

_NAMES_OF_0_1 = {
    "course": "run_state",
    "chance": "rng_state",
    "painter": "generator_optimizer",
    "judge": "discriminator_optimizer",
    "critic": "discriminator",
    "critics": "discriminators",
}
"""Keys in checkpoints of version 0.1, and what they are called now."""


@runtime_checkable
class Stateful(Protocol):
    """Anything whose state can be saved and restored."""

    def state_dict(self) -> Mapping[str, Any]:
        """The state."""

    def load_state_dict(self, state: dict[str, Any]) -> object:
        """Restores a state."""


class Checkpoints:
    """``last``, ``best`` and ``step-N``, each as ``.pt`` to resume from and ``.safetensors`` to use.

    Args:
        folder: The folder of the checkpoints.
        keep: How many ``step-N`` are kept.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder = folder
        self.last = folder / "last.pt"
        self.best = folder / "best.pt"
        self._keep = keep

    def save(self, step: int, state: Mapping[str, Any]) -> None:
        """Writes ``step-N.pt``.

        Raises:
            OutputError: It cannot be written; older checkpoints are unchanged.
        """
        target = self._numbered(step, ".pt")
        temporary = temporary_path(target)
        try:
            with temporary.open("wb") as file:
                torch.save(dict(state), file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except (OSError, RuntimeError) as error:
            temporary.unlink(missing_ok=True)
            raise OutputError(f"cannot write checkpoint {target}: {error}") from error

    def weights(self, step: int) -> Path:
        """Path of the weights after ``step`` steps."""
        return self._numbered(step, ".safetensors")

    def mark(self, name: str, step: int) -> None:
        """Gives the checkpoint after ``step`` steps a second name, ``last`` or ``best``."""
        for suffix in SUFFIXES:
            source, target = self._numbered(step, suffix), self.folder / f"{name}{suffix}"
            if source.exists():
                _link(source, target)

    def prune(self) -> None:
        """Removes all numbered checkpoints but the newest ones."""
        numbered = self._newest_first()
        for path in numbered[self._keep :]:
            self._remove(path)

    def clear(self) -> None:
        """Removes all checkpoints."""
        for name in ("last", "best", "step-*"):
            for suffix in SUFFIXES:
                for path in self.folder.glob(f"{name}{suffix}"):
                    path.unlink()

    def go_on_from(self, origin: Path, step: int) -> None:
        """Makes one of these checkpoints the last one, and removes those of later steps, also the best.

        Args:
            origin: A checkpoint in this folder.
            step: Number of steps done in it.
        """
        if origin.name != self.last.name:
            for suffix in SUFFIXES:
                if origin.with_suffix(suffix).exists():
                    _link(origin.with_suffix(suffix), self.last.with_suffix(suffix))
        for path in self._newest_first():
            if number_of(path) > step:
                self._remove(path)
        with suppress(WeightsError):  # of a damaged one nobody knows the step
            if read_state(self.best)["step"] > step:
                self._remove(self.best)

    def summary(self) -> str:
        """A phrase that names the best and the last checkpoint."""
        if not self.last.exists():
            return "no checkpoint was written yet"
        best = self.folder / "best.safetensors"
        which = f"the best weights are {best}, " if best.exists() else ""
        return f"{which}the last good checkpoint is {self.last}"

    def chosen(self, choice: str) -> tuple[Path, dict[str, Any]] | None:
        """The checkpoint to resume from, and its state; None for a new run.

        Args:
            choice: ``auto``, ``none``, or the path of a checkpoint.

        Raises:
            WeightsError: It cannot be read.
        """
        if choice == "auto":
            return self.newest()
        return None if choice == "none" else (Path(choice), read_state(Path(choice)))

    def newest(self) -> tuple[Path, dict[str, Any]] | None:
        """The newest checkpoint that can be read, and its state; None if there is no checkpoint.

        Raises:
            WeightsError: All checkpoints are damaged.
        """
        found = [path for path in (self.last, *self._newest_first()) if path.exists()]
        fault: WeightsError | None = None
        for path in found:
            try:
                return path, read_state(path)
            except WeightsError as error:
                fault = fault or error
        if fault is not None:
            raise fault
        return None

    def _remove(self, path: Path) -> None:
        for suffix in SUFFIXES:
            path.with_suffix(suffix).unlink(missing_ok=True)

    def _numbered(self, step: int, suffix: str) -> Path:
        return self.folder / f"step-{step:06d}{suffix}"

    def _newest_first(self) -> list[Path]:
        return sorted(self.folder.glob("step-*.pt"), key=number_of, reverse=True)


def read_state(path: Path) -> dict[str, Any]:
    """The state in a checkpoint, with its keys of today.

    Raises:
        WeightsError: The file is missing or damaged.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged files raise errors of many classes
        line = next(iter(str(error).splitlines()), type(error).__name__)
        raise WeightsError(f"cannot read checkpoint {path}: {line}") from error
    if not isinstance(state, dict) or "step" not in state:
        raise WeightsError(f"cannot read checkpoint {path}: it is not a checkpoint of a training run")
    return {_NAMES_OF_0_1.get(str(key), str(key)): value for key, value in state.items()}


def share_start(parts: Mapping[str, Any]) -> None:
    """Copies the state of the first process to those that train with it.

    Args:
        parts: Everything that has a state, by name.
    """
    if world_size() == 1:
        return
    file = BytesIO()
    torch.save({name: part.state_dict() for name, part in parts.items()}, file)
    state = torch.load(BytesIO(of_first(file.getvalue())), map_location="cpu", weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])


def number_of(path: Path) -> int:
    """The step in the name of a checkpoint or a sample; -1 without one."""
    digits = path.stem.removeprefix("step-")
    return int(digits) if digits.isdigit() else -1


def _link(source: Path, target: Path) -> None:
    """Hard-links a file, or copies it where the file system has no hard links."""
    temporary = temporary_path(target)
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:
        temporary.write_bytes(source.read_bytes())
    temporary.replace(target)
