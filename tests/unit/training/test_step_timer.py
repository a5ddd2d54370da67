"""The pace of a run: its seconds add up, and what is no step counts for none."""

import time

import pytest
import torch

from lowlight_cli.accelerators import peak_memory_mb
from lowlight_cli.training.step_timer import StepTimer


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is moved."""

    class Clock:
        now = 0.0

        def move(self, seconds: float) -> None:
            self.now += seconds

    moved = Clock()
    monkeypatch.setattr(time, "perf_counter", lambda: moved.now)
    return moved


def step(pace: StepTimer, clock, waited: float, computed: float) -> None:
    with pace.waiting():
        clock.move(waited)
    clock.move(computed)


def test_speed_and_waiting_are_means_over_the_steps_since_the_last_call(clock):
    pace = StepTimer()
    step(pace, clock, 1.0, 3.0)
    assert pace.end_step() == (4.0, 1.0)
    step(pace, clock, 0.0, 4.0)
    pace.end_step()
    assert pace.summary(16) == {"images_per_second": 4.0, "data_wait": 0.125}
    assert pace.summary(16) == {}
    step(pace, clock, 2.0, 0.0)
    pace.end_step()
    assert pace.summary(16) == {"images_per_second": 8.0, "data_wait": 1.0}


def test_a_validation_is_no_part_of_a_step(clock):
    pace = StepTimer()
    with pace.waiting():
        clock.move(50.0)
    clock.move(100.0)
    pace.restart()
    step(pace, clock, 1.0, 1.0)
    assert pace.end_step() == (2.0, 1.0)


def test_waiting_ends_where_reading_fails(clock):
    pace = StepTimer()

    def read() -> None:
        with pace.waiting():
            clock.move(3.0)
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - ours
        read()
    assert pace.end_step().waited == 3.0


def test_memory_is_known_and_grows_with_use():
    before = peak_memory_mb(torch.device("cpu"))
    held = torch.ones(64 * 2**20)  # 256 MiB
    after = peak_memory_mb(torch.device("cpu"))
    assert after >= 256
    assert after >= before
    assert len(held)
