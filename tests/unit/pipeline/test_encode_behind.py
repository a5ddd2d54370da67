"""Results on their way to the disk."""

import os
import shutil
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from lowlight_cli.images.decode import decode
from lowlight_cli.images.picture import still
from lowlight_cli.pipeline import encode_behind as write_behind
from lowlight_cli.pipeline.batches import Loaded
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.encode_behind import WriteBehind
from lowlight_cli.pipeline.file_stat import FileStat
from lowlight_cli.pipeline.plan import Job


@pytest.fixture
def item(tmp_path):
    picture = still(np.full((8, 9, 3), 7, np.uint8))
    job = Job(tmp_path / "in.png", tmp_path / "deep" / "out.png")
    return Loaded(job, picture, 0.5, FileStat(123, 10**18))


def _written(item, pace):
    writer = WriteBehind(pace)
    writer.put(item, item.picture, item.seconds)
    writer.wait_for_oldest()
    row = writer.pop_oldest()
    writer.close()
    return row


def test_a_row_tells_what_lies_on_the_disk(item):
    import hashlib

    row = _written(item, PipelineConfig())
    data = item.job.target.read_bytes()
    assert (row.output_bytes, row.output_sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (row.source_size, row.source_mtime_ns) == (123, 10**18)
    assert (row.width, row.height) == (9, 8)
    assert row.seconds > 0.5


@pytest.mark.parametrize("preserve", [True, False])
def test_the_time_of_the_source_is_kept_where_asked_for(item, preserve):
    _written(item, PipelineConfig(preserve_mtime=preserve))
    assert (item.job.target.stat().st_mtime_ns == 10**18) is preserve


def test_room_is_kept_on_the_disk(item, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2**30))
    assert _written(item, PipelineConfig(min_free=2**30 - 2**20)).status == "ok"
    item.job.target.unlink()
    row = _written(item, PipelineConfig(min_free=2**30))
    assert (row.status, row.code) == ("failed", "disk_full")
    assert not item.job.target.exists()


def test_what_is_only_being_encoded_is_given_up(item, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()
    encode = write_behind.encode_bytes

    def slowly(*arguments):
        begun.set()
        go_on.wait(30)
        return encode(*arguments)

    monkeypatch.setattr(write_behind, "encode_bytes", slowly)
    writer = WriteBehind(PipelineConfig(workers=1))
    writer.put(item, item.picture, 0.0)
    writer.put(item, item.picture, 0.0)
    begun.wait(30)
    assert list(writer.abandon(0.05)) == []
    assert writer.is_busy
    writer.close()
    go_on.set()
    for thread in [thread for thread in threading.enumerate() if thread.name.startswith("encode")]:
        thread.join(30)
    assert not item.job.target.parent.exists()


def test_what_is_reaching_the_disk_is_waited_for(item, monkeypatch):
    syncing, go_on = threading.Event(), threading.Event()
    sync = os.fsync

    def slowly(number):
        syncing.set()
        go_on.wait(30)
        sync(number)

    monkeypatch.setattr(os, "fsync", slowly)
    writer = WriteBehind(PipelineConfig(workers=1))
    writer.put(item, item.picture, 0.0)
    syncing.wait(30)
    threading.Timer(0.2, go_on.set).start()
    (row,) = writer.abandon(0.01)
    assert row.status == "ok"
    assert not writer.is_busy
    writer.close()
    assert decode(item.job.target).width == 9
