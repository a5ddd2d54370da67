"""Stages add up to the wall time, and the largest of those that follow each other is the limit."""

from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.bench.result import Failure, limit_of, other_seconds
from lowlight_cli.pipeline.stages import StageSeconds
from tests.unit.bench.samples import RESULT, case

SECONDS = st.floats(0, 1000)
STAGES = st.builds(StageSeconds, **dict.fromkeys(asdict(StageSeconds()), SECONDS))


@given(STAGES, SECONDS)
def test_stages_of_the_main_thread_and_the_rest_add_up_to_the_wall_time(stages, rest):
    inside = sum(asdict(stages).values()) - stages.read - stages.write
    assert other_seconds(stages, inside + rest, "cpu") == pytest.approx(rest, abs=1e-6)


@given(STAGES, SECONDS)
def test_stages_of_a_gpu_that_works_at_the_same_time_do_not_add_up(stages, seconds):
    assert other_seconds(stages, seconds, "cuda") is None


@pytest.mark.parametrize(
    ("stages", "other", "limit"),
    [
        ({"model": 5.0, "wait_input": 4.0, "read": 9.0}, 1.0, ("model", 5.0)),
        ({"model": 3.0, "wait_input": 4.0, "read": 9.0}, 1.0, ("reading", 4.0)),
        ({"model": 3.0, "wait_output": 4.0, "write": 9.0}, None, ("writing", 4.0)),
        ({"model": 3.0, "copy_in": 2.0, "copy_out": 2.0}, None, ("copying", 4.0)),
        ({"model": 3.0, "resize": 4.0}, 1.0, ("resizing", 4.0)),
        ({"model": 3.0}, 4.0, ("program", 4.0)),
    ],
)
def test_the_limit_is_what_the_main_thread_spends_most_time_on(stages, other, limit):
    assert limit_of(StageSeconds(**stages), other) == limit


@pytest.mark.parametrize(
    ("runs", "model", "is_steady"),
    [
        ((1.0, 1.2), (1.0,), True),
        ((1.3, 1.0), (1.0,), False),
        ((1.0,), (1.0, 0.8), False),
    ],
)
def test_measurements_that_differ_by_more_than_a_fifth_are_not_steady(runs, model, is_steady):
    assert case(run_seconds=runs, model_run_seconds=model).is_steady is is_steady


def test_failures_decide_the_exit_code(tmp_path):
    failures = (Failure(tmp_path, "unreadable", "no image"),)
    assert RESULT.exit_code == 0
    assert replace(RESULT, failures=failures).exit_code == 3
    assert replace(RESULT, failures=failures, cases=()).exit_code == 4
