"""A run whose steps fail goes back to a good state at half the rate, and ends where that does not help."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from lowlight_cli.errors import DivergedError
from lowlight_cli.training.config import RunSettings
from lowlight_cli.training.optimizer import GuardedOptimizer
from lowlight_cli.training.recipes.vqgan import VqganRecipe
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.run_state import MOST_ROLLBACKS, TOO_MANY

CPU = torch.device("cpu")
Factor = Callable[[int, int], float]
"""What the loss is multiplied by, by the step and by how often the run went back."""


class Toy:
    """A run of a single layer, with the loop of a recipe.

    Attributes:
        folder: Its folder.
        taken: Steps, and the learning rate, in the order in which they were taken.
        lines: What it told.
    """

    def __init__(self, path: Path, **run: object) -> None:
        settings = {"steps": 60, "save_every": 30, "journal_every": 100, "precision": "fp32"} | run
        self.recipe = VqganRecipe(run=RunSettings(**settings))
        self.lines: list[str] = []
        self.folder = RunFolder(path, self.recipe, self.lines.append)
        self.taken: list[tuple[int, float]] = []
        torch.manual_seed(0)
        self.layer = nn.Linear(3, 1)

    def run(self, factor: Factor) -> None:
        folder, layer = self.folder, self.layer
        generator_optimizer = GuardedOptimizer(layer.parameters(), self.recipe, CPU)
        parts = {"model": layer, "generator_optimizer": generator_optimizer}
        for step in folder.steps(folder.resume(CPU, parts)):
            loss = (layer(torch.ones(2, 3)) - 1).square().sum()
            generator_optimizer.backward(loss * factor(step, folder.run_state.rollbacks))
            generator_optimizer.step(1.0)
            self.taken.append((step, generator_optimizer._adam.param_groups[0]["lr"]))
            folder.count(failed=generator_optimizer.failed)
            folder.run_state.finish_step(step)
            folder.report(step, loss=loss)
            if folder.run_state.validates(step):
                folder.record_validation(step, {"psnr": float(step)}, by="psnr")
            if folder.run_state.saves(step):
                folder.save(step + 1, parts, layer)
            if folder.run_state.ending:
                break


def journaled(path: Path) -> list[int]:
    rows = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
    return [row["step"] for row in rows if "loss" in row]


def test_single_spikes_are_left_out_and_the_run_goes_on(tmp_path):
    toy = Toy(tmp_path)
    toy.run(lambda step, _: 1e6 if step in (25, 35, 45) else 1.0)
    assert [step for step, _ in toy.taken] == list(range(60))
    assert (toy.folder.run_state.skipped, toy.folder.run_state.rollbacks) == (3, 0)
    assert toy.folder.run_state.ending == "done"


def test_many_spikes_lead_back_to_the_last_checkpoint_at_half_the_rate(tmp_path):
    toy = Toy(tmp_path, journal_every=1)
    toy.run(lambda step, returns: 1e6 if step >= 33 and not returns else 1.0)
    steps, rates = zip(*toy.taken, strict=True)
    back = 33 + TOO_MANY
    assert steps == (*range(back), *range(30, 60))
    assert set(rates[:back]) == {rates[0]}
    assert set(rates[back:]) == {rates[0] / 2}
    saved = torch.load(tmp_path / "ckpt" / "last.pt", weights_only=True)
    assert saved["step"] == 60
    assert saved["run_state"]["returns"] == 1
    assert journaled(tmp_path) == list(range(60))
    assert any("rolling back to step 30 at 1/2" in line for line in toy.lines)


def test_what_comes_back_is_the_state_of_the_checkpoint(tmp_path):
    toy = Toy(tmp_path)
    found = []

    def factor(step: int, returns: int) -> float:
        if step == 30:
            found.append(toy.layer.weight.detach().clone())
        return 1e6 if step >= 33 and not returns else 1.0

    toy.run(factor)
    assert len(found) == 2
    assert torch.equal(*found)


def test_without_a_checkpoint_an_early_state_is_kept_in_memory(tmp_path):
    toy = Toy(tmp_path, save_every=1000)
    toy.run(lambda step, returns: 1e6 if step >= 33 and not returns else 1.0)
    steps = [step for step, _ in toy.taken]
    assert steps == [*range(33 + TOO_MANY), *range(20, 60)]


def test_losses_that_are_not_finite_from_the_start_end_the_run(tmp_path):
    toy = Toy(tmp_path)
    with pytest.raises(DivergedError, match=r"20 steps in a row .* no checkpoint") as caught:
        toy.run(lambda *_: float("nan"))
    assert caught.value.exit_code == 9
    assert torch.isfinite(toy.layer.weight).all()


def test_a_run_that_always_explodes_ends_and_names_its_best_weights(tmp_path):
    toy = Toy(tmp_path, sample_every=10)
    with pytest.raises(DivergedError, match=rf"again after {MOST_ROLLBACKS} rollbacks.*best\.safetensors"):
        toy.run(lambda step, _: 1e6 if step >= 33 else 1.0)
    assert toy.folder.run_state.rollbacks == MOST_ROLLBACKS
    assert (tmp_path / "ckpt" / "best.safetensors").exists()
    assert "training diverged" in (tmp_path / "train.log").read_text()
    state = torch.load(tmp_path / "ckpt" / "last.pt", weights_only=True)
    assert state["step"] == 30
    assert torch.isfinite(state["model"]["weight"]).all()


def test_a_run_that_went_back_goes_on_as_one_that_was_not_stopped(tmp_path):
    def factor(step: int, returns: int) -> float:
        return 1e6 if (step >= 33 and not returns) or step == 52 else 1.0

    whole = Toy(tmp_path / "whole")
    whole.run(factor)
    first = Toy(tmp_path / "parts", steps=60)
    first.folder.run_state.settings = first.recipe.run.model_copy(update={"steps": 40})
    first.run(factor)
    second = Toy(tmp_path / "parts")
    second.run(factor)
    assert [step for step, _ in second.taken] == list(range(40, 60))
    assert second.taken[-1] == whole.taken[-1]
    assert torch.equal(whole.layer.weight, second.layer.weight)
    assert second.folder.run_state.skipped == whole.folder.run_state.skipped == TOO_MANY + 1
