"""Quantization and the discriminator of stage I begin early enough, once, and not by surprise."""

import json

import pytest
import torch

from lowlight_cli.models.vqgan.model import Vqgan
from lowlight_cli.training import vqgan
from lowlight_cli.training.codes import CodeCounts
from lowlight_cli.training.config import OptimizerSettings, RunSettings
from lowlight_cli.training.recipes.vqgan import VqganRecipe, run
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.run_state import RunState, StopRequest
from lowlight_cli.training.vqgan import Phases
from tests.contracts.narrow_recipes import CPU, NARROW_VQGAN, tiny_data


class Started:
    """Phases that initialize no codes, but note the step at which they would."""

    def __init__(self, monkeypatch, codes_from=None, critic_from=None, clock=lambda: 0.0, **run) -> None:
        self.model = Vqgan(NARROW_VQGAN)
        self.initialized: list[int] = []
        self.state = RunState(RunSettings(**run), StopRequest(), clock)
        counts = CodeCounts(torch.zeros(4))
        self.phases = Phases(counts, self.state, codes_from, critic_from)
        monkeypatch.setattr(vqgan, "start_codes", lambda *words: self.initialized.append(words[-1]))

    def at(self, step: int) -> tuple[bool, bool]:
        return self.phases.begin(step, self.model, ())

    def first(self) -> list[int]:
        """First step of each phase."""
        rows = [self.at(step) for step in range(self.state.settings.steps)]
        assert sorted(rows) == rows
        return [[row[phase] for row in rows].index(True) for phase in (0, 1)]


@pytest.mark.parametrize(("steps", "first"), [(40, [10, 20]), (4000, [1000, 2000]), (9000, [1000, 2000])])
def test_short_runs_begin_earlier(monkeypatch, steps, first):
    started = Started(monkeypatch, steps=steps)
    assert started.first() == first
    assert started.initialized == first[:1]


def test_given_steps_are_kept(monkeypatch):
    assert Started(monkeypatch, 7, 5, steps=10).first() == [7, 5]


def test_a_schedule_by_the_clock_begins_by_the_time(monkeypatch):
    now = [0.0]
    started = Started(monkeypatch, clock=lambda: now[0], steps=100_000, limit_minutes=1, schedule="clock")
    seen = []
    for step in range(40):
        seen.append(started.at(step))
        now[0] += 1  # of the 60 seconds
        started.state.finish_step(step)
    assert [[row[phase] for row in seen].index(True) for phase in (0, 1)] == [15, 30]
    assert started.initialized == [15]


def test_a_longer_schedule_does_not_take_back_what_has_begun(monkeypatch):
    short, long = Started(monkeypatch, steps=40), Started(monkeypatch, steps=4000)
    short.at(15)
    long.phases.load_state_dict(short.phases.state_dict())
    assert long.at(16) == (True, False)
    assert long.at(25) == (True, False)
    assert long.initialized == [15]  # by the short run alone


@pytest.mark.parametrize(("step", "begun"), [(1000, [1000]), (1001, [])])
def test_a_checkpoint_of_an_older_version_goes_on(monkeypatch, step, begun):
    started = Started(monkeypatch, steps=9000)
    started.phases.load_state_dict(CodeCounts(torch.zeros(4)).state_dict())
    assert started.at(step) == (True, False)
    assert started.initialized == begun


def test_a_run_without_codes_warns(monkeypatch):
    lines: list[str] = []
    started = Started(monkeypatch, codes_from=1000, steps=40)
    started.phases.warn_at_start(lines.append)
    started.at(39)
    started.phases.warn_at_end(39, lines.append)
    assert [line.split(",")[0] for line in lines] == [
        "warning  codes_from=1000",
        "warning  the run ended after 40 steps",
    ]
    well = Started(monkeypatch, steps=40)
    well.phases.warn_at_start(lines.append)
    well.at(39)
    well.phases.warn_at_end(39, lines.append)
    assert len(lines) == 2


def test_no_score_before_quantization_counts(tmp_path, make_picture):
    (tmp_path / "data").mkdir()
    recipe = VqganRecipe(
        model=NARROW_VQGAN,
        critic_width=4,
        data=tiny_data(tmp_path / "data", make_picture).model_copy(update={"held_out": None}),
        # The rate is so high that the first scores fall.
        optimizer=OptimizerSettings(learning_rate=0.5, warmup=1, average=0.0),
        run=RunSettings(
            steps=16, batch_size=2, crop=64, sample_every=1, save_every=100, journal_every=1, early_stop=2
        ),
    )
    lines: list[str] = []
    run(recipe, RunFolder(tmp_path / "run", recipe, lines.append), device=CPU)
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    before = [row["step"] for row in rows if "psnr_without_codes" in row]
    after = [row["step"] for row in rows if "psnr" in row]
    assert before == [0, 1, 2, 3]
    assert after[:2] == [4, 5]
    assert not [row for row in rows if "used_codes" in row and row["step"] < 4]
    assert [row["code"] > 0 for row in rows if "code" in row][:5] == [False] * 4 + [True]
    validations = [line for line in lines if line.startswith("validation")]
    assert [line.endswith("best") for line in validations[:5]] == [False] * 4 + [True]
    assert not [line for line in lines if line.startswith("warning  the run ended")]
