"""A run knows when to validate, to save and to end."""

import pytest

from lowlight_cli.errors import DivergedError
from lowlight_cli.training.config import RunSettings
from lowlight_cli.training.course import Course
from lowlight_cli.training.stopping import StopRequest


def course(**settings: object) -> Course:
    return Course(RunSettings(**settings), StopRequest())


def test_twenty_steps_in_a_row_without_finite_numbers_end_the_run():
    run = course()
    for _ in range(19):
        run.count(failed=True)
    run.count(failed=False)
    for _ in range(19):
        run.count(failed=True)
    assert run.skipped == 38
    with pytest.raises(DivergedError, match="20 steps"):
        run.count(failed=True)


def test_a_run_ends_when_validations_bring_nothing_better():
    run = course(early_stop=2)
    for score, ending in ((1, None), (3, None), (2, None), (3, "no improvement")):
        run.judge(float(score))
        assert run.ending == ending
        assert run.is_best == ((score == 3 and ending is None) or score == 1)
    assert run.saves(0)


def test_a_signal_ends_the_run_with_a_checkpoint_and_without_a_validation():
    stop = StopRequest()
    run = Course(RunSettings(sample_every=10), stop)
    run.reach(3)
    assert not run.saves(3)
    stop.number = 15
    run.reach(4)
    assert (run.ending, run.saves(4), run.validates(4)) == ("signal", True, False)


def test_the_last_step_validates_and_saves():
    run = course(steps=5)
    run.reach(4)
    assert (run.ending, run.saves(4), run.validates(4)) == ("done", True, True)


def test_best_and_counts_survive_saving():
    first, second = course(early_stop=1), course(early_stop=1)
    first.judge(5.0)
    first.count(failed=True)
    second.load_state_dict(first.state_dict())
    second.judge(4.0)
    assert second.ending == "no improvement"
    assert second.skipped == 1
