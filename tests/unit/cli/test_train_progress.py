"""A training run is one line in a terminal, and lines elsewhere."""

import io
import sys

import pytest

from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.train_progress import TrainingProgress
from lowlight_cli.training.step_timer import StepStats

MOMENT = StepStats(3, 10, 0.25, 8, 2.0, 0.5, 812.0, ("psnr", 21.5), 5e-4)


def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Takes what reaches a terminal that knows no size."""
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return stream


def test_a_terminal_shows_one_line(monkeypatch):
    shown = terminal(monkeypatch)
    with TrainingProgress(GlobalSettings()) as progress:
        progress.draw(MOMENT)
        progress.say("step 3/10  loss 0.25")
        progress.say("validation  psnr 21.5")
    text = shown.getvalue()
    for words in ("3/10", "loss 0.25", "psnr 21.50", "4 img/s", "data 25 %"):
        assert words in text
    assert "validation" in text
    assert "step 3/10  loss" not in text


@pytest.mark.parametrize(("columns", "last"), [(60, "psnr 21.50"), (80, "data 25 %"), (120, "812 MB")])
def test_figures_that_do_not_fit_are_left_out(monkeypatch, columns, last):
    shown = terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", str(columns))
    with TrainingProgress(GlobalSettings()) as progress:
        progress.draw(MOMENT._replace(step=3000, steps=4000))
    line = shown.getvalue().rstrip().split("\r")[-1]
    assert line.endswith(last)
    assert len(line) <= columns


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        (GlobalSettings(progress="lines"), ["weights: x", "step 1/2  loss 1"]),
        (GlobalSettings(progress="none"), ["weights: x"]),
        (GlobalSettings(quiet=True), []),
    ],
)
def test_elsewhere_there_are_lines(capsys, settings, lines):
    with TrainingProgress(settings) as progress:
        progress.say("weights: x")
        progress.draw(MOMENT)
        progress.say("step 1/2  loss 1")
    assert capsys.readouterr().err.splitlines() == lines


def test_speed_is_blended_over_steps(monkeypatch):
    shown = terminal(monkeypatch)
    with TrainingProgress(GlobalSettings()) as progress:
        for step, seconds in ((1, 1.0), (2, 11.0)):
            progress.draw(MOMENT._replace(step=step, seconds=seconds, waited=0.0))
    # 0.9 * 1 + 0.1 * 11 = 2 seconds for 8 pictures.
    assert "4 img/s" in shown.getvalue()
