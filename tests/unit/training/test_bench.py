"""A measurement takes the steps of a recipe, nothing else, and leaves nothing behind."""

import time
from pathlib import Path

import pytest
import torch
from torch import nn

from lowlight_cli.pipeline.signals import Stopped
from lowlight_cli.training.bench import measure
from lowlight_cli.training.config import RunSettings
from lowlight_cli.training.recipes.vqgan import VqganRecipe
from lowlight_cli.training.run_folder import RunFolder

CPU = torch.device("cpu")
RECIPE = VqganRecipe(run=RunSettings(batch_size=6, steps=2, sample_every=1, save_every=1, precision="fp32"))


class Trainer:
    """A recipe of steps of a known length: 1 second of waiting, then as many as the number of the step."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.looked = self.saved = 0
        self.folder = Path()
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)

    def __call__(self, recipe: VqganRecipe, folder: RunFolder, *, device: torch.device) -> Path:
        self.folder = folder.path
        model = nn.Linear(1, 1)
        for step in range(folder.resume(device, {}), recipe.run.steps):
            with folder.timer.waiting():
                self.now += 1.0
            self.now += step
            folder.report(step, loss=0.5)
            self.looked += folder.run_state.validates(step)
            self.saved += folder.run_state.saves(step)
            if folder.run_state.ending:
                break
        return folder.export(model, step=step + 1)


def test_steps_after_the_warm_up_are_measured(monkeypatch):
    trainer = Trainer(monkeypatch)
    speed = measure("vqgan", RECIPE, trainer, CPU, warmup=2, steps=3)
    # Steps 2, 3 and 4, of 3, 4 and 5 seconds.
    assert (speed.warmup, speed.steps, speed.batch_size) == (2, 3, 6)
    assert speed.step_seconds == 4.0
    assert speed.step_seconds_quartiles == (3.5, 4.5)
    assert speed.steps_per_second == 0.25
    assert speed.images_per_second == 1.5
    assert speed.data_wait == 0.25
    assert (speed.device, speed.precision) == ("cpu", "fp32")


def test_nothing_is_looked_at_and_nothing_kept(monkeypatch):
    trainer = Trainer(monkeypatch)
    measure("vqgan", RECIPE, trainer, CPU, warmup=1, steps=2)
    assert (trainer.looked, trainer.saved) == (0, 0)
    assert trainer.folder.name.startswith("lle-bench-")
    assert not trainer.folder.exists()


def test_a_signal_ends_it(monkeypatch):
    trainer = Trainer(monkeypatch)

    def stopped(recipe: VqganRecipe, folder: RunFolder, *, device: torch.device) -> Path:
        folder.stop.number = 15
        return trainer(recipe, folder, device=device)

    with pytest.raises(Stopped) as caught:
        measure("vqgan", RECIPE, stopped, CPU, warmup=1, steps=5)
    assert caught.value.number == 15
