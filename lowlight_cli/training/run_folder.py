"""The folder of one training run: settings, machine, numbers, checkpoints, samples, plots."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from lowlight_cli.checkpoints.save import save_weights
from lowlight_cli.errors import DivergedError, WeightsError
from lowlight_cli.images.replace import check_writable_folder
from lowlight_cli.tensors import Images
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.course import Course
from lowlight_cli.training.curves import draw_curves
from lowlight_cli.training.draws import check_parts
from lowlight_cli.training.environment import environment
from lowlight_cli.training.journal import Journal
from lowlight_cli.training.pace import Moment, Pace, peak_memory_mb
from lowlight_cli.training.processes import done_by_first, is_first, means_of_all, of_first
from lowlight_cli.training.sample_grid import draw_grid
from lowlight_cli.training.states import States, read_state, share_start
from lowlight_cli.training.stopping import StopRequest
from lowlight_cli.training.tensorboard import Board
from lowlight_cli.training.toml_text import toml_text
from lowlight_cli.training.writing import append_line, write_whole

SETTINGS_FILE = "config.resolved.toml"

PLOTS = {
    "loss": ("loss",),
    "psnr": ("psnr",),
    "codebook_usage": ("perplexity", "used_codes", "dead_codes"),
    "index_accuracy": ("index_accuracy", "batch_index_accuracy"),
}
"""Names of the plots, and the numbers that each shows."""


def as_line(values: Mapping[str, float]) -> str:
    """Numbers with their names on one line."""
    return "  ".join(f"{name} {value:.4g}" for name, value in values.items())


@runtime_checkable
class Stateful(Protocol):
    """Anything whose state can be saved and put back."""

    def state_dict(self) -> Mapping[str, Any]:
        """The state."""

    def load_state_dict(self, state: dict[str, Any]) -> object:
        """Puts a state back."""


class RunFolder:
    """Writes and finds again all that a run leaves behind; of several processes, the first one does.

    Args:
        path: The folder; made if absent.
        recipe: Settings of the run.
        say: Takes each line that a person shall see; all go to ``train.log``.
        watch: Is told of each step.

    Attributes:
        course: When the run validates, saves and ends.
        pace: How fast the steps are; a recipe tells it when it waits for data.
        stop: Watches for signals.

    Raises:
        OutputError: The folder cannot be written.
        SettingsError: A batch cannot be dealt evenly to the processes that train together.
    """

    def __init__(
        self,
        path: Path,
        recipe: Recipe,
        say: Callable[[str], None] = lambda _: None,
        watch: Callable[[Moment], None] = lambda _: None,
    ) -> None:
        check_parts(recipe.run)
        self.path = path
        self.stop = StopRequest()
        self.course = Course(recipe.run, self.stop)
        self.pace = Pace()
        self._device = torch.device("cpu")
        self._score: tuple[str, float] | None = None
        self._watch = watch
        self._recipe = recipe
        self._say = say
        self._journal = Journal(path)
        self._board: Board | None = None
        self._states = States(path / "ckpt", recipe.run.keep)
        done_by_first(self._make_folders)

    def tell(self, line: str) -> None:
        """Shows a line, and keeps it in ``train.log``."""
        if not is_first():
            return
        self._say(line)
        append_line(self.path / "train.log", f"{datetime.now(UTC).isoformat(timespec='seconds')}  {line}")

    def resume(self, device: torch.device, parts: Mapping[str, Stateful]) -> int:
        """Puts the last state back and gives the number of steps done; 0 for a new run.

        From here on a signal lets the step at hand be finished and saved.

        Args:
            device: Where the run computes, for the record.
            parts: All that has a state, by name.

        Raises:
            WeightsError: The checkpoint is of another recipe or damaged.
        """
        self._device = device
        found = done_by_first(lambda: self._found(device))
        self.stop.defer()
        self.pace.rest()
        if found is None:
            share_start(parts)
            return 0
        path, state = found
        try:
            for name, part in parts.items():
                part.load_state_dict(state[name])
            if "course" in state:
                self.course.load_state_dict(state["course"])
                torch.set_rng_state(state["chance"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise WeightsError(f"cannot resume from {path}: {error}") from error
        done_by_first(lambda: self._journal.forget_from(state["step"]))
        self.tell(f"going on from {path}, {state['step']} steps done")
        return int(state["step"])

    def report(self, step: int, **values: float | Tensor) -> None:
        """Writes and tells numbers where it is time to, and looks whether this step is the last."""
        self.course.reach(step)
        settings = self.course.settings
        memory = peak_memory_mb(self._device)
        self._show(step, values["loss"], memory)
        if (step + 1) % settings.journal_every == 0:
            row = means_of_all(values) | {"skipped": float(self.course.skipped)}
            row |= self.pace.gathered(settings.batch_size)
            row |= {} if memory is None else {"memory_mb": memory}
            self._add(step, row)
            self.tell(f"step {step + 1}/{settings.steps}  {as_line(row)}")

    def judge(self, step: int, values: Mapping[str, float], by: str) -> None:
        """Writes and tells a validation; the best so far is what ``best`` will be.

        Args:
            step: Counted from 0.
            values: Numbers, the higher the better for the one that counts.
            by: Name of that one.
        """
        values = of_first(values)
        self._add(step, values)
        self._score = (by, values[by])
        self.course.judge(values[by])
        self.tell(f"held out  {as_line(values)}{'  best' if self.course.is_best else ''}")
        self.pace.rest()

    def save(self, step: int, parts: Mapping[str, Stateful], model: nn.Module) -> None:
        """Writes the state after ``step`` steps, its weights, and the numbers as table and plots.

        Args:
            step: Steps done.
            parts: All that has a state, by name.
            model: What is of use besides, such as averaged weights.
        """
        done_by_first(lambda: self._save(step, parts, model))
        self.course.is_best = False
        self.pace.rest()

    def _save(self, step: int, parts: Mapping[str, Stateful], model: nn.Module) -> None:
        state: dict[str, Any] = {name: part.state_dict() for name, part in parts.items()}
        state |= {"course": self.course.state_dict(), "chance": torch.get_rng_state()}
        self._states.save(step, {"step": step, **state})
        save_weights(self._states.weights(step), model, self._provenance(step))
        self._states.mark("last", step)
        if self.course.is_best:
            self._states.mark("best", step)
        self._states.prune()
        self._draw()
        if self._board is not None:
            self._board.flush()

    def count(self, *, failed: bool) -> None:
        """Counts a step that was left out because its numbers were not finite.

        Raises:
            DivergedError: It is the tenth in a row; the last checkpoint is from before it began.
        """
        try:
            self.course.count(failed=failed)
        except DivergedError as error:
            kept = f"the last good checkpoint is {self._states.last}"
            none = "no checkpoint was written yet"
            line = f"{error}; {kept if self._states.last.exists() else none}"
            if is_first():
                append_line(self.path / "train.log", line)
            raise DivergedError(line) from error

    def samples(self, step: int, *columns: Images) -> None:
        """Writes a grid, one picture per row and one column per argument."""
        if is_first():
            pixels = draw_grid(self.path / "samples" / f"step-{step:06d}.jpg", columns)
            if self._board is not None:
                self._board.show(step, pixels)
        self.pace.rest()

    def export(self, model: nn.Module, *, step: int) -> Path:
        """Writes the weights after ``step`` steps, named after what was trained, and gives the path.

        A run that was cut off writes none.
        """
        target = self.path / f"{self._recipe.architecture}.safetensors"
        if self.course.ending == "cut":
            return target
        return done_by_first(lambda: save_weights(target, model, self._provenance(step)))

    def _show(self, step: int, loss: float | Tensor, memory: float | None) -> None:
        """Tells who watches of a step."""
        settings, lap = self.course.settings, self.pace.lap()
        if not is_first():
            return
        loss = float(loss.detach() if isinstance(loss, Tensor) else loss)
        size, score = settings.batch_size, self._score
        self._watch(Moment(step + 1, settings.steps, loss, size, lap.seconds, lap.waited, memory, score))

    def _provenance(self, step: int) -> dict[str, Any]:
        """What a file of weights says: what made it, but not where the pictures lay."""
        places = {"model", "data", "vqgan", "semantic", "start", "lpips_backbone", "lpips_heads", "vgg19"}
        provenance = self._recipe.model_dump(mode="json", exclude=places)
        return {
            "architecture": self._recipe.architecture,
            "config": self._recipe.model_dump(mode="json")["model"],
            "provenance": provenance | {"steps_done": step},
        }

    def _record(self, device: torch.device) -> None:
        settings = toml_text(self._recipe.model_dump(mode="json"))
        write_whole(self.path / SETTINGS_FILE, settings.encode())
        machine = json.dumps(environment(device), indent=1)
        write_whole(self.path / "env.json", machine.encode() + b"\n")

    def _make_folders(self) -> None:
        for folder in (self.path, *(self.path / name for name in ("ckpt", "samples", "plots"))):
            check_writable_folder(folder)
        if self._recipe.run.tensorboard:
            self._board = Board(self.path / "tensorboard")

    def _add(self, step: int, values: Mapping[str, float]) -> None:
        if is_first():
            self._journal.add(step, values)
            if self._board is not None:
                self._board.add(step + 1, values)

    def _found(self, device: torch.device) -> tuple[Path, dict[str, Any]] | None:
        """The checkpoint to go on from; where there is none, what an earlier run left is removed."""
        self._record(device)
        found = self._checkpoint()
        if found is None:
            self._journal.forget()
            self._states.forget()
        return found

    def _checkpoint(self) -> tuple[Path, dict[str, Any]] | None:
        wanted = self.course.settings.resume
        if wanted == "none":
            return None
        if wanted == "auto":
            return self._states.newest()
        return Path(wanted), read_state(Path(wanted))

    def _draw(self) -> None:
        self._journal.write_table()
        for plot, names in PLOTS.items():
            curves = {name: self._journal.curve(name) for name in names}
            draw_curves(self.path / "plots" / f"{plot}.png", plot.replace("_", " "), curves)
