"""Files that change while they are read, and images that are bright enough already."""

import os

import numpy as np
import pytest
from PIL import Image

from lowlight_cli.errors import ImageError
from lowlight_cli.images.brightness import mean_luma
from lowlight_cli.images.decode import decode
from lowlight_cli.pipeline import decode_ahead as module
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.decode_ahead import read_ahead
from lowlight_cli.pipeline.file_stat import FileStat
from lowlight_cli.pipeline.plan import Job
from lowlight_cli.pipeline.report import Row


@pytest.fixture
def job(make_picture, tmp_path):
    return Job(make_picture(tmp_path / "a.png"), tmp_path / "out" / "a.png")


def _one(job, pace=None):
    (item,) = read_ahead([job], pace or PipelineConfig())
    return item


def _writing(monkeypatch, times, then=decode):
    """The file is written to during the first decodings."""
    calls = []

    def decode_while_written(path, settings):
        calls.append(path)
        if len(calls) <= times:
            os.utime(path, ns=(len(calls), len(calls)))
            return then(path, settings)
        return decode(path, settings)

    monkeypatch.setattr(module, "decode", decode_while_written)
    return calls


def test_a_file_that_changes_is_read_once_more(job, monkeypatch):
    calls = _writing(monkeypatch, times=1)
    item = _one(job)
    assert len(calls) == 2
    assert item.stat == FileStat(job.source.stat().st_size, 1)


def test_a_file_that_keeps_changing_is_not_taken(job, monkeypatch):
    _writing(monkeypatch, times=9)
    row = _one(job)
    assert (row.status, row.code) == ("failed", "unreadable")
    assert "changed while it was read" in row.message


def test_damage_of_a_file_that_is_being_written_is_read_again(job, monkeypatch):
    def half(path, settings):
        raise ImageError("truncated", "half of it is missing")

    _writing(monkeypatch, times=1, then=half)
    assert not isinstance(_one(job), Row)


def test_damage_of_an_unchanged_file_is_reported_at_once(job):
    job.source.write_bytes(job.source.read_bytes()[:200])
    assert _one(job).status == "failed"


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_mean_luma_is_that_of_bt_601(depth):
    top = np.iinfo(depth).max
    pixels = np.zeros((4, 6, 3), depth)
    pixels[:, :3] = (top, 0, 0)
    pixels[:, 3:] = (0, top, 0)
    assert mean_luma(pixels) == pytest.approx((0.299 + 0.587) / 2, abs=1e-6)


def test_bright_pictures_are_skipped_where_only_dark_ones_are_asked_for(tmp_path):
    Image.new("RGB", (8, 8), (128, 128, 128)).save(tmp_path / "gray.png")
    job = Job(tmp_path / "gray.png", tmp_path / "out.png")
    row = _one(job, PipelineConfig(only_dark=0.5))
    assert (row.status, row.code, row.target) == ("skipped", "bright", job.target)
    assert not isinstance(_one(job, PipelineConfig(only_dark=0.51)), Row)
