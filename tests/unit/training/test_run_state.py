"""A run knows when to validate, to save and to end."""

import pytest

from lowlight_cli.errors import DivergedError
from lowlight_cli.training.config import Recipe, RunSettings
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.run_state import RunState, StopRequest


def run_state(**settings: object) -> RunState:
    return RunState(RunSettings(**settings), StopRequest())


def test_twenty_steps_in_a_row_without_finite_numbers_end_the_run():
    run = run_state()
    for _ in range(19):
        run.count(failed=True)
    run.count(failed=False)
    for _ in range(19):
        run.count(failed=True)
    assert run.skipped == 38
    with pytest.raises(DivergedError, match="20 steps"):
        run.count(failed=True)


def test_a_run_ends_when_validations_bring_nothing_better():
    run = run_state(early_stop=2)
    for score, ending in ((1, None), (3, None), (2, None), (3, "no improvement")):
        run.record_score(float(score))
        assert run.ending == ending
        assert run.is_best == ((score == 3 and ending is None) or score == 1)
    assert run.saves(0)


def test_a_score_that_is_no_number_is_never_the_best():
    run = run_state(early_stop=2)
    for score, is_best in ((float("nan"), False), (1.0, True), (float("nan"), False), (2.0, True)):
        run.record_score(score)
        assert run.is_best == is_best
    run.forget_best()
    run.record_score(0.5)
    assert run.is_best


def test_a_dry_run_has_no_time_left():
    run = RunState(RunSettings(steps=100), StopRequest(), dry_run=True)
    assert run.seconds_left(1, 60.0) == 0


def test_scores_that_do_not_count_are_neither_best_nor_a_reason_to_stop():
    run = run_state(early_stop=1)
    run.counts_scores = False
    for score in (9.0, 8.0, 7.0):
        run.record_score(score)
        assert (run.is_best, run.ending) == (False, None)
    run.counts_scores = True
    run.record_score(1.0)
    assert run.is_best


def test_a_signal_ends_the_run_with_a_checkpoint_and_without_a_validation():
    stop = StopRequest()
    run = RunState(RunSettings(sample_every=10), stop)
    run.finish_step(3)
    assert not run.saves(3)
    stop.number = 15
    run.finish_step(4)
    assert (run.ending, run.saves(4), run.validates(4)) == ("signal", True, False)


def test_the_last_step_validates_and_saves():
    run = run_state(steps=5)
    run.finish_step(4)
    assert (run.ending, run.saves(4), run.validates(4)) == ("done", True, True)


def test_best_and_counts_survive_saving():
    first, second = run_state(early_stop=1), run_state(early_stop=1)
    first.record_score(5.0)
    first.count(failed=True)
    second.load_state_dict(first.state_dict())
    second.record_score(4.0)
    assert second.ending == "no improvement"
    assert second.skipped == 1


class FalseClock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def by_clock(clock: FalseClock, **settings: object) -> RunState:
    return RunState(RunSettings(schedule="clock", limit_minutes=10, **settings), StopRequest(), clock)


def share(run: RunState, step: int) -> float:
    """Share of the schedule that is done at a step, as the rate sees it."""
    return step / run.length(step)


def test_by_the_clock_the_schedule_is_done_when_the_time_is():
    clock = FalseClock()
    run = by_clock(clock, steps=100_000)
    assert share(run, 0) == 0
    for step, minutes in ((9, 1.0), (19, 2.5), (29, 5.0), (39, 9.9)):
        clock.now = 100 + 60 * minutes
        run.finish_step(step)
        assert share(run, step + 1) == pytest.approx(minutes / 10)
        assert run.ending is None
    clock.now = 100 + 600
    run.finish_step(49)
    assert (run.ending, run.is_out_of_time, share(run, 50)) == ("limit", True, 1)


def test_steps_that_are_faster_than_the_clock_end_the_schedule():
    clock = FalseClock()
    run = by_clock(clock, steps=100)
    clock.now += 60
    run.finish_step(49)
    assert share(run, 50) == 0.5
    run.finish_step(99)
    assert run.ending == "done"


def test_a_schedule_by_the_clock_goes_on_where_it_was():
    clock = FalseClock()
    first = by_clock(clock, steps=100_000)
    clock.now += 240
    first.finish_step(10)
    clock.now += 1000  # nothing runs meanwhile
    second = by_clock(clock, steps=100_000)
    second.load_state_dict(first.state_dict())
    assert share(second, 11) == pytest.approx(0.4)
    clock.now += 60
    second.finish_step(11)
    assert share(second, 12) == pytest.approx(0.5)
    assert not second.is_out_of_time


def test_by_steps_the_clock_does_not_count():
    clock = FalseClock()
    run = RunState(RunSettings(steps=100, limit_minutes=10), StopRequest(), clock)
    clock.now += 500
    run.finish_step(10)
    assert (run.length(11), run.ending) == (100, None)
    clock.now += 200
    run.finish_step(11)
    assert (run.ending, run.is_out_of_time) == ("limit", False)
    again = RunState(RunSettings(steps=100, limit_minutes=10), StopRequest(), clock)
    again.load_state_dict(run.state_dict())
    again.finish_step(12)
    assert again.ending is None


def test_a_clock_needs_a_limit():
    with pytest.raises(ValueError, match="limit-minutes"):
        RunSettings(schedule="clock")


def test_a_dry_run_ends_with_its_first_step_after_a_validation():
    run = RunState(RunSettings(steps=9), StopRequest(), dry_run=True)
    run.finish_step(0)
    assert (run.ending, run.validates(0), run.saves(0)) == ("dry run", True, True)


def test_a_log_line_ends_no_run(tmp_path):
    folder = RunFolder(tmp_path, Recipe(run=RunSettings(steps=1)))
    folder.report(0, loss=1.0)
    assert folder.run_state.ending is None
    folder.run_state.finish_step(0)
    assert folder.run_state.ending == "done"
