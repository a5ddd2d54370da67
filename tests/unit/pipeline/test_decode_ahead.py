"""How far is read ahead, files that change while they are read, and images that are bright enough already."""

import os
import threading
import time
from pathlib import Path

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
from lowlight_cli.pipeline.stages import StageClock


@pytest.fixture
def job(make_picture, tmp_path):
    return Job(make_picture(tmp_path / "a.png"), tmp_path / "out" / "a.png")


def _one(job, pace=None):
    (item,) = read_ahead([job], pace or PipelineConfig())
    return item


def _writing(monkeypatch, times, then=decode):
    """The file is written to during the first decodings."""
    calls = []

    def decode_while_written(path, settings, data):
        calls.append(path)
        if len(calls) <= times:
            os.utime(path, ns=(len(calls), len(calls)))
            return then(path, settings, data)
        return decode(path, settings, data)

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


@pytest.mark.parametrize("most", [0, 2**22])
def test_large_files_are_read_when_there_is_room_and_small_ones_before(job, monkeypatch, most):
    """Both give the same image; only small ones are held meanwhile."""
    given = []
    monkeypatch.setattr(module, "_SMALL_BYTES", most)
    monkeypatch.setattr(module, "decode", lambda *given_to: given.append(given_to[2]) or decode(*given_to))
    item = _one(job)
    assert given == [job.source.read_bytes() if most else None]
    assert np.array_equal(item.picture.pixels, decode(job.source).pixels)
    assert item.stat == FileStat(job.source.stat().st_size, job.source.stat().st_mtime_ns)


def test_the_time_of_a_slow_disk_counts(job, monkeypatch):
    def slow(path, _):
        time.sleep(0.05)
        return path.read_bytes(), path.stat()

    monkeypatch.setattr(module, "read_small_file", slow)
    clock = StageClock()
    (item,) = read_ahead([job], PipelineConfig(), clock)
    assert clock.seconds().read >= 0.05
    assert item.seconds >= 0.05


def test_damage_of_a_file_that_is_being_written_is_read_again(job, monkeypatch):
    def half(path, settings, data):
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


PATIENCE_S = 30


class _Noting:
    """Stands for ``decode``; counts images that are decoded and not handed over."""

    def __init__(self):
        self.begun, self.most, self.handed_over = 0, 0, 0
        self.changed = threading.Condition()

    def __call__(self, path, settings, data=None):
        with self.changed:
            self.begun += 1
            self.most = max(self.most, self.begun - self.handed_over)
            self.changed.notify_all()
        raise ImageError("unreadable", "not read at all")

    def wait_for(self, count):
        with self.changed:
            return self.changed.wait_for(lambda: self.begun >= count, PATIENCE_S)


def _noting(monkeypatch, pixels):
    noting = _Noting()
    monkeypatch.setattr(module, "decode", noting)
    monkeypatch.setattr(module, "peek_pixels", lambda path, data: pixels)
    return noting


def _jobs(count):
    return [Job(Path(f"in/{number}"), Path(f"out/{number}")) for number in range(count)]


@pytest.mark.parametrize("workers", [1, 4])
def test_two_full_passes_are_read_ahead_however_few_the_threads(monkeypatch, workers):
    noting = _noting(monkeypatch, 240_000)
    stream = read_ahead(_jobs(200), PipelineConfig(workers=workers, batch_size=32))
    next(stream)
    assert noting.wait_for(64)
    stream.close()
    assert noting.begun <= 65


@pytest.mark.parametrize(("pixels", "most"), [(10, 3), (30, 1), (31, 1), (1000, 1), (0, 2 * 16)])
def test_no_more_is_decoded_ahead_than_the_queue_takes(monkeypatch, pixels, most):
    noting = _noting(monkeypatch, pixels)
    stream = read_ahead(_jobs(100), PipelineConfig(workers=5, batch_size=16, queue_pixels=30))
    for count, _ in enumerate(stream, 1):
        with noting.changed:
            noting.handed_over = count
    assert (noting.begun, noting.handed_over) == (100, 100)
    assert noting.most <= most + 1  # the one that is handed over


def test_images_come_in_order_whoever_reads_their_headers_first(monkeypatch):
    noting, slow = _noting(monkeypatch, 10), threading.Event()

    def peek(path, data):
        if path.name == "0":
            slow.wait(PATIENCE_S)
        elif path.name == "3":
            slow.set()
        return 10

    monkeypatch.setattr(module, "peek_pixels", peek)
    stream = read_ahead(_jobs(9), PipelineConfig(workers=4, queue_pixels=20))
    assert [row.source.name for row in stream] == [str(number) for number in range(9)]
    assert noting.begun == 9


def test_the_caller_touches_no_file(monkeypatch):
    threads = set()
    _noting(monkeypatch, 10)
    monkeypatch.setattr(
        module, "peek_pixels", lambda path, data: threads.add(threading.current_thread().name) or 1
    )
    assert len(list(read_ahead(_jobs(9), PipelineConfig(workers=2)))) == 9
    assert threads <= {"decode_0", "decode_1"}


def test_threads_that_wait_for_room_end_with_the_stream(monkeypatch):
    _noting(monkeypatch, 100)
    before = set(threading.enumerate())
    stream = read_ahead(_jobs(50), PipelineConfig(workers=4, queue_pixels=10))
    next(stream)
    stream.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_jobs_that_come_meanwhile_follow_without_a_pause(monkeypatch):
    _noting(monkeypatch, 10)
    further = [_jobs(20)[7:11], _jobs(20)[11:20]]
    stream = read_ahead(_jobs(7), PipelineConfig(), None, lambda: further.pop(0) if further else ())
    assert [row.source.name for row in stream] == [str(number) for number in range(20)]
