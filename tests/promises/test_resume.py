"""A run that was killed and run again gives what a clean run gives; one with nothing to do does nothing."""

import hashlib
import os
import signal
import subprocess
import sys
import time

import pytest

COUNT = 40


@pytest.fixture
def photos(make_picture, tmp_path):
    """Pictures, none like another."""
    for number in range(COUNT):
        make_picture(tmp_path / "in" / f"{number % 3}" / f"{number}.png", size=(64, 48), seed=number)
    return tmp_path / "in"


def _digests(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and ".lle" not in path.parts)
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def _start(root, photos, out):
    words = [sys.executable, "-m", "lowlight_cli", "enhance", str(photos), "-o", str(out)]
    options = ["-m", "identity", "--device", "cpu", "-q", "--workers", "2"]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen(words + options, env=environment, start_new_session=True)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda number: number.name)
def test_what_was_killed_is_finished_by_the_next_run(root, run_lle, photos, tmp_path, number):
    out, clean = tmp_path / "out", tmp_path / "clean"
    program = _start(root, photos, out)
    while program.poll() is None and not list(out.glob("*/*.png")):
        time.sleep(0.002)
    os.killpg(program.pid, number)
    code = program.wait(timeout=60)
    assert code == {signal.SIGKILL: -9, signal.SIGTERM: 143}[number]
    made = len(list(out.glob("*/*.png")))
    assert 0 < made < COUNT

    options = ("enhance", photos, "-m", "identity", "--device", "cpu", "-o")
    run = run_lle(*options, out)
    assert run.code == 0, run.err
    assert f" · {made} unchanged" in run.err
    run_lle(*options, clean)
    assert _digests(out) == _digests(clean)
    assert len(_digests(out)) == COUNT


def test_a_run_with_nothing_to_do_reads_no_picture_and_writes_nothing(run_lle, photos, tmp_path, monkeypatch):
    options = ("enhance", photos, "-o", tmp_path / "out", "-m", "identity", "--device", "cpu")
    run_lle(*options)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    opened, watching = [], [True]

    def watch(event, details):
        if event == "open" and watching:
            opened.append(str(details[0]))

    sys.addaudithook(watch)  # stays for as long as Python runs
    assert run_lle(*options).code == 0
    watching.clear()
    assert any(name.endswith("manifest.jsonl") for name in opened)
    assert [name for name in opened if name.endswith(".png")] == []
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before
