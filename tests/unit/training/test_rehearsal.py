"""A rehearsal takes the settings of a run as a card would, and says what went wrong."""

from math import isnan
from pathlib import Path

import pytest
import torch

from lowlight_cli.cli.train_run import rehearsal_lines
from lowlight_cli.errors import DivergedError
from lowlight_cli.training.config import RunSettings
from lowlight_cli.training.recipes.vqgan import VqganRecipe
from lowlight_cli.training.rehearsal import Rehearsal, rehearse, rehearsed
from lowlight_cli.training.run_folder import RunFolder


def recipe(**run: object) -> VqganRecipe:
    return VqganRecipe(run=RunSettings(**run))


@pytest.mark.parametrize(("asked", "taken"), [("auto", "bf16"), ("tf32", "fp32"), ("fp16", "fp16")])
def test_the_settings_are_those_of_the_run_in_small_batches(asked, taken):
    whole = recipe(
        steps=9000, batch_size=96, accumulate=3, crop=192, seed=5, device="cuda", precision=asked,
        schedule="clock", limit_minutes=9, resume="auto", early_stop=1,
    )  # fmt: skip
    small = rehearsed(whole)
    assert (small.run.device, small.run.precision) == ("cpu", taken)
    assert (small.run.batch_size, small.run.accumulate) == (4, 2)
    assert (small.run.steps, small.run.crop, small.run.seed) == (9000, 192, 5)
    assert (small.run.limit_minutes, small.run.schedule, small.run.resume) == (None, "steps", "none")
    assert small.optimizer == whole.optimizer
    RunSettings.model_validate(small.run.model_dump())


def test_a_batch_that_two_parts_do_not_divide_stays_whole():
    small = rehearsed(recipe(batch_size=3, accumulate=3))
    assert (small.run.batch_size, small.run.accumulate) == (3, 1)


@pytest.mark.parametrize(
    ("given", "first"),
    [({}, (0, 0)), ({"codes_from": 500}, (0, 0)), ({"critic_from": 9000}, (0, 9000))],
)
def test_each_part_of_the_loss_is_rehearsed_that_the_run_has(given, first):
    small = rehearsed(VqganRecipe(run=RunSettings(steps=9000), **given))
    assert (small.codes_from, small.critic_from) == first


class Played:
    """Stands in for a recipe: its losses are given."""

    def __init__(self, *losses: float, score: float = 20.0) -> None:
        self.losses, self.score = losses, score
        self.folder = Path()

    def __call__(self, _: VqganRecipe, folder: RunFolder, *, device: torch.device) -> Path:
        assert device.type == "cpu"
        self.folder = folder.path
        for step in folder.steps(folder.resume(device, {})):
            loss = self.losses[min(step, len(self.losses) - 1)]
            folder.count(failed=isnan(loss))
            folder.run_state.finish_step(step)
            folder.report(step, loss=loss)
            if folder.run_state.validates(step):
                folder.record_validation(step, {"psnr": self.score}, by="psnr")
            if folder.run_state.ending:
                break
        return folder.path


def played(*losses: float, steps: int = 6, score: float = 20.0) -> Rehearsal:
    run = Played(*losses, score=score)
    found = rehearse(recipe(steps=1000), run, steps=steps)
    assert not run.folder.exists()
    return found


def test_a_run_that_learns_passes_and_leaves_nothing():
    found = played(3.0, 2.0, 1.0)
    assert found.problems == ()
    assert found.steps == 7  # one more, after the validation
    assert (found.first_loss, found.last_loss, found.score) == (2.5, 1.0, ("psnr", 20.0))


@pytest.mark.parametrize(
    ("losses", "problem"),
    [
        ((1.0, 1.0, 1.0, 3.0), "the loss rose from 1 to 3"),
        ((1.0, float("nan"), 1.0), "1 of 7 steps skipped"),
        ((1.0, 1.0, 1.0, float("nan")), "no loss was finite at the end"),
    ],
)
def test_what_goes_wrong_is_named(losses, problem):
    assert problem in "; ".join(played(*losses).problems)


def test_a_validation_without_a_number_is_named():
    assert played(1.0, score=float("nan")).problems == ("the validation gave no number for psnr",)


def test_a_run_that_diverges_fails_with_its_reason():
    found = played(float("nan"), steps=30)
    assert found.problems[0].startswith("training diverged: 20 steps in a row")
    assert (found.first_loss, found.last_loss) == (None, None)
    assert len(rehearsal_lines(found)) == 1
    assert DivergedError.exit_code == 9
