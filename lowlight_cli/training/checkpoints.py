"""Checkpoints of a run: written whole or not at all, the newest few kept, the best one too."""

import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

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
"""Keys of checkpoints that version 0.1 wrote -> what they are called now."""


class Checkpoints:
    """``last``, ``best`` and ``step-N``, each as ``.pt`` to go on from and ``.safetensors`` to use.

    Args:
        folder: Where they lie.
        keep: How many ``step-N`` stay.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder = folder
        self.last = folder / "last.pt"
        self._keep = keep

    def save(self, step: int, state: Mapping[str, Any]) -> None:
        """Writes ``step-N.pt``.

        Raises:
            OutputError: It cannot be written; older checkpoints are as they were.
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
        """Where the weights after so many steps belong."""
        return self._numbered(step, ".safetensors")

    def mark(self, name: str, step: int) -> None:
        """Gives the checkpoint after ``step`` steps a second name, ``last`` or ``best``."""
        for suffix in SUFFIXES:
            source, target = self._numbered(step, suffix), self.folder / f"{name}{suffix}"
            if source.exists():
                _link(source, target)

    def prune(self) -> None:
        """Removes all but the newest; ``last`` and ``best`` stay."""
        numbered = self._newest_first()
        for path in numbered[self._keep :]:
            for suffix in SUFFIXES:
                path.with_suffix(suffix).unlink(missing_ok=True)

    def forget(self) -> None:
        """Removes all, for a run that starts over."""
        for name in ("last", "best", "step-*"):
            for suffix in SUFFIXES:
                for path in self.folder.glob(f"{name}{suffix}"):
                    path.unlink()

    def kept(self) -> str:
        """What there is to use or to go on from, in words."""
        if not self.last.exists():
            return "no checkpoint was written yet"
        best = self.folder / "best.safetensors"
        which = f"the best weights are {best}, " if best.exists() else ""
        return f"{which}the last good checkpoint is {self.last}"

    def newest(self) -> tuple[Path, dict[str, Any]] | None:
        """The newest checkpoint that can be read; a damaged one is passed over. None where there is none.

        Raises:
            WeightsError: There are some, and all are damaged.
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

    def _numbered(self, step: int, suffix: str) -> Path:
        return self.folder / f"step-{step:06d}{suffix}"

    def _newest_first(self) -> list[Path]:
        return sorted(self.folder.glob("step-*.pt"), key=_step_of, reverse=True)


def read_state(path: Path) -> dict[str, Any]:
    """What a checkpoint holds.

    Raises:
        WeightsError: It is missing or damaged.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # there are as many kinds of these as of damage
        line = next(iter(str(error).splitlines()), type(error).__name__)
        raise WeightsError(f"cannot read checkpoint {path}: {line}") from error
    if not isinstance(state, dict) or "step" not in state:
        raise WeightsError(f"cannot read checkpoint {path}: it is no checkpoint of a training run")
    return {_NAMES_OF_0_1.get(str(key), str(key)): value for key, value in state.items()}


def share_start(parts: Mapping[str, Any]) -> None:
    """Lets processes that train together start from the state of the first.

    Args:
        parts: All that has a state, by name.
    """
    if world_size() == 1:
        return
    file = BytesIO()
    torch.save({name: part.state_dict() for name, part in parts.items()}, file)
    state = torch.load(BytesIO(of_first(file.getvalue())), map_location="cpu", weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])


def _step_of(path: Path) -> int:
    digits = path.stem.removeprefix("step-")
    return int(digits) if digits.isdigit() else -1


def _link(source: Path, target: Path) -> None:
    """A second name for a file, or a copy where the file system knows no second names."""
    temporary = temporary_path(target)
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:
        temporary.write_bytes(source.read_bytes())
    temporary.replace(target)
