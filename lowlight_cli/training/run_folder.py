"""Reads and writes the folder of one training run: settings, metrics, checkpoints, samples and plots."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lowlight_cli.accelerators import peak_memory_mb
from lowlight_cli.checkpoints.save import save_weights
from lowlight_cli.errors import DivergedError
from lowlight_cli.images.replace import check_writable_folder
from lowlight_cli.tensors import Images
from lowlight_cli.training.checkpoints import Checkpoints, Stateful, share_start
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.distributed import done_by_first, is_first, means_of_all, of_first
from lowlight_cli.training.guard import DelayedReader, lag_on
from lowlight_cli.training.metrics_log import Board, MetricsLog, as_line, check_tensorboard
from lowlight_cli.training.plots import draw_plots
from lowlight_cli.training.resume import remove_replaced, restore
from lowlight_cli.training.rng import check_parts
from lowlight_cli.training.rollback import Rollback
from lowlight_cli.training.run_files import (
    TrainLog,
    append_line,
    check_place,
    hold,
    provenance,
    record_start,
)
from lowlight_cli.training.run_state import RunState, StopRequest
from lowlight_cli.training.sampling import draw_grid
from lowlight_cli.training.step_text import step_line, validation_line
from lowlight_cli.training.step_timer import StepStats, StepTimer


class RunFolder:
    """Reads and writes everything that a run leaves behind; of several processes, only the first writes.

    The folder is made by ``resume``, after the data and the weights were read, so bad input leaves no folder.

    Args:
        path: The folder; made if absent.
        recipe: Settings of the run.
        on_message: Called with each message for the user; all of them also go to ``train.log``.
        on_step: Called after each step.
        opening: Returns the first messages of the run; called when the data and the weights have been read.
        dry_run: Whether the run ends after its first step, with a validation.
        detailed: Whether messages about steps have all metrics.

    Attributes:
        run_state: When the run validates, saves and ends.
        timer: Measures the steps; a recipe reports to it when it waits for data.
        stop: Received signals.

    Raises:
        OutputError: The folder cannot be made, or not written.
        SettingsError: The batch cannot be divided evenly among the processes that train together.
        UnavailableError: TensorBoard is asked for and not installed.
    """

    def __init__(
        self,
        path: Path,
        recipe: Recipe,
        on_message: Callable[[str], None] = lambda _: None,
        on_step: Callable[[StepStats], None] = lambda _: None,
        *,
        opening: Callable[[], Sequence[str]] = tuple,
        dry_run: bool = False,
        detailed: bool = False,
    ) -> None:
        check_parts(recipe.run)
        check_place(path)
        if recipe.run.tensorboard:
            check_tensorboard()
        self.path = path
        self.stop = StopRequest()
        self.run_state = RunState(recipe.run, self.stop, dry_run=dry_run)
        self.timer = StepTimer()
        self._device = torch.device("cpu")
        self._score: tuple[str, float] | None = None
        self._on_step = on_step
        self._recipe = recipe
        self._opening = opening
        self._detailed = detailed
        self._log = TrainLog(path / "train.log", on_message)
        self._metrics_log = MetricsLog(path)
        self._board: Board | None = None
        self._checkpoints = Checkpoints(path / "ckpt", recipe.run.keep)
        self._rollback = Rollback(self.run_state, {}, None)
        self._losses = DelayedReader(0)
        self._step = -1
        self._held: ExitStack | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Holds the folder from ``resume`` to the end of the block, and receives signals inside it."""
        with ExitStack() as self._held, self.stop.watched():
            yield

    def log(self, line: str) -> None:
        """Passes on a message and appends it to ``train.log``, which starts when the folder is made."""
        if is_first():
            self._log.add(line)

    def resume(self, device: torch.device, parts: Mapping[str, Stateful]) -> int:
        """Restores the last checkpoint, makes the folder, and returns the number of steps done; 0 if new.

        From here on a signal ends the run only after the current step is finished and saved.

        Args:
            device: Where the run computes.
            parts: Everything that has a state, by name.

        Raises:
            OutputError: The folder cannot be written.
            LockedError: Another training uses the folder.
            UsageError: The run is finished, and had other settings.
            WeightsError: The checkpoint is of another recipe or damaged.
        """
        self._device = device
        found = done_by_first(lambda: self._checkpoints.chosen(self.run_state.settings.resume))
        self._rollback = Rollback(self.run_state, parts, None if found is None else found[0])
        self._losses = DelayedReader(lag_on(device))
        lines: list[str] = []
        if found is None:
            share_start(parts)
        else:
            lines = restore(self._recipe, self.path, found, parts, self.run_state)
            self._rollback.slow_down()
        origin, done = (None, 0) if found is None else (found[0], int(found[1]["step"]))
        self.stop.defer()
        if not done_by_first(lambda: self._open(done, origin)):
            self.run_state.forget_best()
        for line in (*self._opening(), *lines):
            self.log(line)
        self.timer.restart()
        return done

    def steps(self, start: int) -> Iterator[int]:
        """The steps to take, counted from 0; after a rollback, the steps since then once more.

        Args:
            start: Number of steps done, as returned by ``resume``.
        """
        self._step = start
        while self._step < self.run_state.settings.steps and not (
            self._step == start and self.run_state.is_out_of_time
        ):
            yield self._step
            back, self.run_state.rolled_back_to = self.run_state.rolled_back_to, None
            self._step = self._step + 1 if back is None else back

    def report(self, step: int, **values: float | Tensor) -> None:
        """Passes on the numbers of a step, and logs them every ``journal_every`` steps.

        Those of the last step, and of steps with a validation, are logged, too.

        Args:
            step: Counted from 0.
            values: Numbers by name; one is ``loss``.
        """
        if self.run_state.rolled_back_to is not None:
            self.timer.restart()
            return
        settings = self.run_state.settings
        memory = peak_memory_mb(self._device)
        self._show(step, values["loss"], memory)
        is_due = (step + 1) % settings.journal_every == 0
        if is_due or self.run_state.ending is not None or self.run_state.validates(step):
            row = means_of_all(values) | {"skipped": float(self.run_state.skipped)}
            row |= self._rollback.numbers()
            row |= self.timer.summary(settings.batch_size)
            row |= {} if memory is None else {"memory_mb": memory}
            self._add(step, row)
            left = self.run_state.seconds_left(step + 1, self.timer.step_seconds)
            brief = step_line(row, self._score, left, with_memory=self._device.type == "cuda")
            self.log(f"step {step + 1}/{settings.steps}  {as_line(row) if self._detailed else brief}")

    def record_validation(self, step: int, values: Mapping[str, float], by: str) -> None:
        """Logs a validation, and compares it with the best so far.

        Args:
            step: Counted from 0.
            values: Scores by name.
            by: Name of the score that is compared; higher is better.
        """
        values = of_first(values)
        self._add(step, values)
        self._score = (by, values[by])
        self.run_state.record_score(values[by])
        scores = as_line(values) if self._detailed else validation_line(values, by)
        self.log(f"validation  {scores}{'  best' if self.run_state.is_best else ''}")
        self.timer.restart()

    def save(self, step: int, parts: Mapping[str, Stateful], model: nn.Module) -> None:
        """Writes a checkpoint after ``step`` steps, the metrics as a table, and plots.

        Args:
            step: Number of steps done.
            parts: Everything that has a state, by name.
            model: Weights to write besides, such as averaged ones.
        """
        done_by_first(lambda: self._save(step, parts, model))
        self._rollback.use_checkpoint(self._checkpoints.last)
        self.run_state.is_best = False
        self.timer.restart()

    def _save(self, step: int, parts: Mapping[str, Stateful], model: nn.Module) -> None:
        state: dict[str, Any] = {name: part.state_dict() for name, part in parts.items()}
        state |= {"run_state": self.run_state.state_dict(), "rng_state": torch.get_rng_state()}
        self._checkpoints.save(step, {"step": step, **state})
        save_weights(self._checkpoints.weights(step), model, provenance(self._recipe, step))
        self._checkpoints.mark("last", step)
        if self.run_state.is_best:
            self._checkpoints.mark("best", step)
        self._checkpoints.prune()
        self._metrics_log.write_table()
        draw_plots(self.path / "plots", self._metrics_log)
        if self._board is not None:
            self._board.flush()

    def count(self, *, failed: bool) -> None:
        """Counts a step, and rolls back if too many were skipped recently.

        Args:
            failed: Whether the step was skipped because its numbers were not finite. Whether it was skipped
                as a spike is known to the optimizers that ``resume`` was given.

        Raises:
            DivergedError: Twenty steps in a row were not finite, or rolling back did not help.
        """
        try:
            line = self._rollback.count(self._step, failed=failed)
        except DivergedError as error:
            text = f"{error}; {self._checkpoints.summary()}"
            if is_first():
                append_line(self.path / "train.log", text)
            raise DivergedError(text) from error
        if line:
            done_by_first(lambda: self._metrics_log.drop_from(self.run_state.rolled_back_to or 0))
            self.log(line)

    def samples(self, step: int, *columns: Images) -> None:
        """Writes a grid with one image per row and one column per argument."""
        if is_first():
            pixels = draw_grid(self.path / "samples" / f"step-{step:06d}.jpg", columns)
            if self._board is not None:
                self._board.show(step, pixels)
        self.timer.restart()

    def export(self, model: nn.Module, *, step: int) -> Path:
        """Writes the weights after ``step`` steps as ``<architecture>.safetensors``, and returns the path.

        A run that was cut off writes none.
        """
        target = self.path / f"{self._recipe.architecture}.safetensors"
        if self.run_state.ending == "cut":
            return target
        return done_by_first(lambda: save_weights(target, model, provenance(self._recipe, step)))

    def _show(self, step: int, loss: float | Tensor, memory: float | None) -> None:
        time = self.timer.end_step()
        if not is_first():
            return
        known = self._losses.exchange(loss.detach() if isinstance(loss, Tensor) else torch.tensor(loss))
        loss = float("nan") if known is None else float(known)
        steps, size = self.run_state.settings.steps, self.run_state.settings.batch_size
        score, rate = self._score, self._rollback.rate
        self._on_step(StepStats(step + 1, steps, loss, size, *time, memory, score, rate))

    def _open(self, done: int, origin: Path | None) -> bool:
        """Makes the folder, records how the run starts, and removes what the steps to come replace.

        Returns whether the best checkpoint so far is there.
        """
        for folder in (self.path, *(self.path / name for name in ("ckpt", "samples", "plots"))):
            check_writable_folder(folder)
        if self._held is not None:
            hold(self.path, self._held)
        if self._recipe.run.tensorboard:
            self._board = Board(self.path / "tensorboard")
        self._log.open()
        record_start(self.path, self._recipe, self._device)
        if origin is None:
            self._metrics_log.clear()
        else:
            self._metrics_log.drop_from(done)
        return remove_replaced(self.path, self._checkpoints, done, origin)

    def _add(self, step: int, values: Mapping[str, float]) -> None:
        if is_first():
            self._metrics_log.add(step, values)
            if self._board is not None:
                self._board.add(step + 1, values)
