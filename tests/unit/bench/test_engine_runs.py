"""Runs leave no results, and end with an error if the numbers would be wrong."""

import pytest

from lowlight_cli.bench.engine_runs import EngineRuns, plan_photos
from lowlight_cli.errors import OutputError
from lowlight_cli.pipeline.settings import EnhanceSettings, StopSettings
from lowlight_cli.pipeline.signals import Interruption

IDENTITY = {"model": "identity", "device": "cpu", "precision": "fp32"}


@pytest.fixture
def plan(make_picture, tmp_path):
    for number in range(3):
        make_picture(tmp_path / "in" / f"{number}.png")
    return plan_photos([str(tmp_path / "in")], tmp_path / "temp")


def start(tmp_path, **settings):
    return EngineRuns(EnhanceSettings(**IDENTITY, **settings), tmp_path / "temp", Interruption(), pytest.fail)


def test_photos_are_enhanced_anew_in_each_run(plan, tmp_path):
    runs = start(tmp_path)
    for count in (3, 3, 1):
        run = runs.run(plan, plan.jobs[:count])
        assert run.report.count("ok") == len(run.report.rows) == count
        assert run.seconds >= run.report.seconds
        assert list((tmp_path / "temp").iterdir()) == []


def test_a_full_disk_ends_the_measurement(plan, tmp_path):
    runs = start(tmp_path, stop=StopSettings(min_free=2**60))
    with pytest.raises(OutputError, match="set TMPDIR to a folder on another disk"):
        runs.run(plan, plan.jobs)
    assert list((tmp_path / "temp").iterdir()) == []
