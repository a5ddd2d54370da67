"""The folder of one training run: settings, machine, numbers, checkpoints, samples, plots."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from lowlight_cli.checkpoints.save import save_weights
from lowlight_cli.errors import DivergedError, WeightsError
from lowlight_cli.images.replace import check_writable_folder
from lowlight_cli.tensors import Images
from lowlight_cli.training.checkpoints import Checkpoints, read_state, share_start
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.distributed import done_by_first, is_first, means_of_all, of_first
from lowlight_cli.training.guard import Delayed, lag_on
from lowlight_cli.training.metrics_log import Board, MetricsLog, as_line
from lowlight_cli.training.plots import draw_plots
from lowlight_cli.training.rng import check_parts
from lowlight_cli.training.rollback import Rollback
from lowlight_cli.training.run_files import append_line, environment, write_whole
from lowlight_cli.training.run_state import RunState
from lowlight_cli.training.sampling import draw_grid
from lowlight_cli.training.step_timer import StepStats, StepTimer, peak_memory_mb
from lowlight_cli.training.stopping import StopRequest
from lowlight_cli.training.toml_text import toml_text

SETTINGS_FILE = "config.resolved.toml"


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
        run_state: When the run validates, saves and ends.
        timer: How fast the steps are; a recipe tells it when it waits for data.
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
        watch: Callable[[StepStats], None] = lambda _: None,
    ) -> None:
        check_parts(recipe.run)
        self.path = path
        self.stop = StopRequest()
        self.run_state = RunState(recipe.run, self.stop)
        self.timer = StepTimer()
        self._device = torch.device("cpu")
        self._score: tuple[str, float] | None = None
        self._watch = watch
        self._recipe = recipe
        self._say = say
        self._metrics_log = MetricsLog(path)
        self._board: Board | None = None
        self._states = Checkpoints(path / "ckpt", recipe.run.keep)
        self._rollback = Rollback(self.run_state, {}, None)
        self._losses = Delayed(0)
        self._step = -1
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
        self.timer.rest()
        self._rollback = Rollback(self.run_state, parts, None if found is None else found[0])
        self._losses = Delayed(lag_on(device))
        if found is None:
            share_start(parts)
            return 0
        path, state = found
        try:
            for name, part in parts.items():
                part.load_state_dict(state[name])
            if "run_state" in state:
                self.run_state.load_state_dict(state["run_state"])
                torch.set_rng_state(state["rng_state"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise WeightsError(f"cannot resume from {path}: {error}") from error
        self._rollback.slow_down()
        done_by_first(lambda: self._metrics_log.forget_from(state["step"]))
        self.tell(f"going on from {path}, {state['step']} steps done")
        return int(state["step"])

    def steps(self, start: int) -> Iterator[int]:
        """The steps to take, counted from 0; after going back, those since then once more.

        Args:
            start: How many are done, as ``resume`` gave it.
        """
        self._step = start
        while self._step < self.run_state.settings.steps and not (
            self._step == start and self.run_state.is_spent
        ):
            yield self._step
            back, self.run_state.went_back_to = self.run_state.went_back_to, None
            self._step = self._step + 1 if back is None else back

    def report(self, step: int, **values: float | Tensor) -> None:
        """Writes and tells numbers where it is time to, and looks whether this step is the last."""
        if self.run_state.went_back_to is not None:
            self.timer.rest()
            return
        self.run_state.reach(step)
        settings = self.run_state.settings
        memory = peak_memory_mb(self._device)
        self._show(step, values["loss"], memory)
        if (step + 1) % settings.journal_every == 0:
            row = means_of_all(values) | {"skipped": float(self.run_state.skipped)}
            row |= self._rollback.numbers()
            row |= self.timer.gathered(settings.batch_size)
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
        self.run_state.judge(values[by])
        self.tell(f"held out  {as_line(values)}{'  best' if self.run_state.is_best else ''}")
        self.timer.rest()

    def save(self, step: int, parts: Mapping[str, Stateful], model: nn.Module) -> None:
        """Writes the state after ``step`` steps, its weights, and the numbers as table and plots.

        Args:
            step: Steps done.
            parts: All that has a state, by name.
            model: What is of use besides, such as averaged weights.
        """
        done_by_first(lambda: self._save(step, parts, model))
        self._rollback.lead_to(self._states.last)
        self.run_state.is_best = False
        self.timer.rest()

    def _save(self, step: int, parts: Mapping[str, Stateful], model: nn.Module) -> None:
        state: dict[str, Any] = {name: part.state_dict() for name, part in parts.items()}
        state |= {"run_state": self.run_state.state_dict(), "rng_state": torch.get_rng_state()}
        self._states.save(step, {"step": step, **state})
        save_weights(self._states.weights(step), model, self._provenance(step))
        self._states.mark("last", step)
        if self.run_state.is_best:
            self._states.mark("best", step)
        self._states.prune()
        self._metrics_log.write_table()
        draw_plots(self.path / "plots", self._metrics_log)
        if self._board is not None:
            self._board.flush()

    def count(self, *, failed: bool) -> None:
        """Counts a step, and goes back to the last good state where too many were left out.

        Args:
            failed: Whether the step was left out because its numbers were not finite; whether they were far
                above those before, the optimizers know that ``resume`` was given.

        Raises:
            DivergedError: Twenty in a row were not finite, or going back did not help.
        """
        try:
            line = self._rollback.count(self._step, failed=failed)
        except DivergedError as error:
            text = f"{error}; {self._states.kept()}"
            if is_first():
                append_line(self.path / "train.log", text)
            raise DivergedError(text) from error
        if line:
            done_by_first(lambda: self._metrics_log.forget_from(self.run_state.went_back_to or 0))
            self.tell(line)

    def samples(self, step: int, *columns: Images) -> None:
        """Writes a grid, one picture per row and one column per argument."""
        if is_first():
            pixels = draw_grid(self.path / "samples" / f"step-{step:06d}.jpg", columns)
            if self._board is not None:
                self._board.show(step, pixels)
        self.timer.rest()

    def export(self, model: nn.Module, *, step: int) -> Path:
        """Writes the weights after ``step`` steps, named after what was trained, and gives the path.

        A run that was cut off writes none.
        """
        target = self.path / f"{self._recipe.architecture}.safetensors"
        if self.run_state.ending == "cut":
            return target
        return done_by_first(lambda: save_weights(target, model, self._provenance(step)))

    def _show(self, step: int, loss: float | Tensor, memory: float | None) -> None:
        """Tells who watches of a step."""
        settings, lap = self.run_state.settings, self.timer.lap()
        if not is_first():
            return
        known = self._losses.exchange(loss.detach() if isinstance(loss, Tensor) else torch.tensor(loss))
        loss = float("nan") if known is None else float(known)
        size, score = settings.batch_size, self._score
        self._watch(StepStats(step + 1, settings.steps, loss, size, lap.seconds, lap.waited, memory, score))

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
            self._metrics_log.add(step, values)
            if self._board is not None:
                self._board.add(step + 1, values)

    def _found(self, device: torch.device) -> tuple[Path, dict[str, Any]] | None:
        """The checkpoint to go on from; where there is none, what an earlier run left is removed."""
        self._record(device)
        found = self._checkpoint()
        if found is None:
            self._metrics_log.forget()
            self._states.forget()
        return found

    def _checkpoint(self) -> tuple[Path, dict[str, Any]] | None:
        wanted = self.run_state.settings.resume
        if wanted == "none":
            return None
        if wanted == "auto":
            return self._states.newest()
        return Path(wanted), read_state(Path(wanted))
