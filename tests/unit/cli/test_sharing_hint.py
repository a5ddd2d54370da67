"""A hint to share a GPU among processes, where that pays."""

from pathlib import Path

import pytest

from lowlight_cli.cli.hints import sharing_hint
from lowlight_cli.pipeline.report import Report, Row
from lowlight_cli.pipeline.stages import StageSeconds
from lowlight_cli.processors import shared_device


def _report(count, busy):
    rows = [Row(Path("a"), Path("b"), "ok")] * count
    return Report(rows, 100.0, stages=StageSeconds(model=100.0 * busy))


def test_a_long_run_in_which_the_gpu_waited_gets_a_hint():
    assert sharing_hint(_report(5000, 0.41), "cuda:0,cuda:0,cuda:0") == [
        "the GPU computed for 41 % of the time; --device cuda:0,cuda:0,cuda:0 reads and writes in 3 processes"
    ]


@pytest.mark.parametrize(
    ("count", "busy", "devices"), [(4999, 0.4, "cuda,cuda"), (5000, 0.7, "cuda,cuda"), (5000, 0.4, "")]
)
def test_no_hint_where_other_processes_would_not_pay(count, busy, devices):
    assert sharing_hint(_report(count, busy), devices) == []


@pytest.mark.parametrize(("processors", "times"), [(1, 0), (4, 0), (8, 2), (16, 4), (64, 4)])
def test_a_process_for_four_processors(processors, times):
    assert shared_device("cuda:1", processors) == ",".join(["cuda:1"] * times)
