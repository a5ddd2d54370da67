"""``lle enhance --watch``, as a process: files arrive, grow, move and vanish; a signal ends it."""

import json
import os
import signal
import subprocess
import sys
import time
from queue import Empty, Queue
from threading import Thread

import pytest

from lowlight_cli.pipeline.manifest import read_manifest

LIMIT_S = 120
"""Long enough for a busy machine; no test waits for it unless it fails."""
SETTLE_S = 0.3
"""Enough for files that are written at once."""
SLOW_SETTLE_S = 1.0


class Watching:
    """A watching run, and the events that it printed so far."""

    def __init__(self, root, photos, out, *options, settle_s=SETTLE_S):
        words = [sys.executable, "-m", "lowlight_cli", "enhance", str(photos), "-o", str(out), "--watch"]
        options = ["--settle", str(settle_s), "-m", "identity", "--device", "cpu", "--json", *options]
        environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            words + options, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._lines = Queue()
        self.events = []
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(json.loads(line))

    def wait_for(self, name, status="ok"):
        """The next event about a file; or, for ``end``, the end of a run."""
        give_up_at = time.monotonic() + LIMIT_S
        while time.monotonic() < give_up_at:
            try:
                event = self._lines.get(timeout=0.2)
            except Empty:
                assert self.process.poll() is None, self.process.stderr.read()
                continue
            self.events.append(event)
            if event["event"] == "end" and name == "end":
                return event
            if event["event"] == "item" and event["in"].endswith(name):
                assert event["status"] == status, event
                return event
        raise AssertionError(f"no event about {name}: {self.events}")

    def stop(self, number=signal.SIGINT):
        """Exit code and messages, after a signal."""
        self.process.send_signal(number)
        self.process.wait(timeout=LIMIT_S)
        return self.process.returncode, self.process.stderr.read()

    def close(self):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()
        self.process.stderr.close()

    def items(self):
        return [event["in"].rsplit("/", 1)[1] for event in self.events if event["event"] == "item"]


@pytest.fixture
def photos(make_picture, tmp_path):
    make_picture(tmp_path / "in" / "first.png")
    (tmp_path / "in" / "notes.txt").write_text("notes")
    return tmp_path / "in"


@pytest.fixture
def watch(root, photos, tmp_path):
    """Starts a watching run; its first run is over."""
    started = []

    def start(*options, **settings):
        started.append(Watching(root, photos, tmp_path / "out", *options, **settings))
        started[-1].wait_for("first.png", "ok")
        started[-1].wait_for("end")
        return started[-1]

    yield start
    for watching in started:
        watching.close()


def test_new_and_changed_photos_are_enhanced_until_a_signal(watch, photos, make_picture, tmp_path):
    watching = watch()
    make_picture(photos / "second.png", seed=2)
    watching.wait_for("second.png")
    make_picture(photos / "new" / "deep" / "third.jpg", seed=3)
    watching.wait_for("third.jpg")
    (photos / "second.png").unlink()
    make_picture(photos / "first.png", (64, 48), seed=4)
    watching.wait_for("first.png")
    watching.wait_for("end")
    code, err = watching.stop()
    assert code == 130
    assert err.endswith("stopped watching; run the same command again to resume\n")
    assert watching.items() == ["first.png", "second.png", "third.jpg", "first.png"]
    out = tmp_path / "out"
    assert sorted(read_manifest(out)) == ["first.png", "new/deep/third.jpg", "second.png"]
    assert {entry.run for entry in read_manifest(out).values()} != {""}
    assert not (out / ".lle" / "journal.jsonl").exists()


def test_a_photo_is_read_once_it_holds_still(watch, photos, make_picture, tmp_path):
    data = make_picture(tmp_path / "whole.png", (200, 150)).read_bytes()
    watching = watch(settle_s=SLOW_SETTLE_S)
    with (photos / "slow.png").open("wb") as file:
        for start in range(0, len(data), len(data) // 8 + 1):
            file.write(data[start : start + len(data) // 8 + 1])
            file.flush()
            time.sleep(SLOW_SETTLE_S / 5)
    watching.wait_for("slow.png", "ok")
    assert watching.items() == ["first.png", "slow.png"]


def test_temporary_names_are_ignored_until_they_are_renamed(watch, photos, make_picture, tmp_path):
    data = make_picture(tmp_path / "whole.png").read_bytes()
    watching = watch()
    for name in ("a.png.part", ".b.png.Xy12Za", "c.png.crdownload", "d.png~", "e.tmp", ".f.png"):
        (photos / name).write_bytes(data)
    time.sleep(2 * SETTLE_S)
    (photos / ".b.png.Xy12Za").rename(photos / "b.png")
    (photos / "a.png.part").rename(photos / "a.png")
    done = {watching.wait_for(".png")["in"].rsplit("/", 1)[1] for _ in range(2)}
    assert done == {"a.png", "b.png"}
    assert watching.items()[0] == "first.png"
    assert len(watching.items()) == 3


def test_a_photo_that_fails_is_tried_again_when_it_changes(watch, photos, make_picture, tmp_path):
    data = make_picture(tmp_path / "whole.png", (200, 150)).read_bytes()
    watching = watch()
    (photos / "cut.png").write_bytes(data[:500])
    watching.wait_for("cut.png", "failed")
    assert watching.wait_for("end")["exit"] == 4
    failed = tmp_path / "out" / ".lle" / "failed.txt"
    make_picture(photos / "other.png", seed=5)
    watching.wait_for("other.png")
    watching.wait_for("end")
    assert failed.read_text().endswith("/./cut.png\n")  # it still is to be retried
    (photos / "cut.png").write_bytes(data)
    watching.wait_for("cut.png", "ok")
    watching.wait_for("end")
    assert not failed.exists()
    assert watching.items() == ["first.png", "cut.png", "other.png", "cut.png"]


def test_sigterm_ends_it_and_the_folder_is_locked_meanwhile(watch, photos, run_lle, tmp_path):
    watching = watch()
    options = ("-o", tmp_path / "out", "-m", "identity", "--device", "cpu", "--on-exist", "overwrite")
    assert run_lle("enhance", photos, *options).code == 11
    code, _ = watching.stop(signal.SIGTERM)
    assert code == 143
    assert run_lle("enhance", photos, *options).code == 0


def test_results_inside_the_input_folder_are_no_inputs(root, photos, make_picture):
    watching = Watching(root, photos, photos / "out", "--on-exist", "overwrite")
    try:
        watching.wait_for("end")
        make_picture(photos / "second.png")
        watching.wait_for("second.png")
        watching.stop()
        assert watching.items() == ["first.png", "second.png"]
    finally:
        watching.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--watch", "--dry-run"), "--watch excludes --dry-run"),
        (("--watch", "--fail-empty"), "--watch excludes --fail-empty"),
        (("--watch", "--report", "r.html"), "--watch excludes --report; write reports with lle report"),
        (("--watch", "--on-exist", "error"), "--watch excludes --on-exist error"),
        (("--watch", "--name", "{n}{ext}"), "--watch excludes a --name with {n}"),
        (("--watch", "--files-from", "list"), "--watch excludes --files-from"),
        (("--settle", "3"), "--settle is for --watch"),
    ],
)
def test_options_that_cannot_go_on_without_an_end_are_refused(run_lle, photos, tmp_path, options, message):
    run = run_lle("enhance", photos, "-o", tmp_path / "out", "-m", "identity", "--device", "cpu", *options)
    assert (run.code, run.out) == (2, "")
    assert message in run.err
    assert not (tmp_path / "out").exists()


def test_only_folders_are_watched(run_lle, photos, tmp_path):
    options = ("--watch", "-m", "identity", "--device", "cpu")
    run = run_lle("enhance", photos / "first.png", "-o", tmp_path / "out", *options)
    assert run.code == 2
    assert "--watch takes folders" in run.err
    run = run_lle("enhance", photos, "--in-place", "--no-backup", "--yes", *options)
    assert run.code == 2
    assert "--watch excludes --in-place" in run.err
    run = run_lle("enhance", photos, "-o", "-", *options)
    assert run.code == 2
    assert "--watch excludes --out -" in run.err
