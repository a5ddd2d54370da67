"""One test for each exit code that ``lle enhance`` can give; scripts rely on them."""

import errno
import os
import re
import signal
import sys

import pytest

from lowlight_cli.pipeline import engine
from lowlight_cli.pipeline.lock import output_lock


def test_0_all_done_or_nothing_to_do(enhance, folder, tmp_path):
    assert enhance(folder, "-o", tmp_path / "out").code == 0
    assert enhance(folder, "-o", tmp_path / "out").code == 0


def test_1_a_bug(enhance, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "run_plan", lambda *_args, **_kwargs: 1 / 0)
    run = enhance(folder, "-o", tmp_path / "out")
    assert run.code == 1
    assert "please report it" in run.err


def test_2_usage(enhance, tmp_path):
    assert enhance(tmp_path / "missing", "-o", tmp_path / "out").code == 2


def test_3_some_failed(enhance, folder, tmp_path):
    (folder / "bad.png").touch()
    assert enhance(folder, "-o", tmp_path / "out").code == 3


def test_4_all_failed(enhance, tmp_path):
    (tmp_path / "bad.png").touch()
    assert enhance(tmp_path / "bad.png", "-o", tmp_path / "out.png").code == 4


def test_5_nothing_found(enhance, tmp_path):
    (tmp_path / "in").mkdir()
    assert enhance(tmp_path / "in", "-o", tmp_path / "out", "--fail-empty").code == 5


def test_6_weights_missing(enhance, folder, tmp_path):
    assert enhance(folder, "-o", tmp_path / "out", "--checkpoint", tmp_path / "none").code == 6
    assert not (tmp_path / "out").exists()


def test_7_no_such_device(run_lle, folder, tmp_path):
    run = run_lle("enhance", folder, "-o", tmp_path / "out", "-m", "identity", "--device", "cuda:99")
    assert run.code == 7


def test_8_not_writable_and_no_model_is_loaded(enhance, folder, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setitem(sys.modules, "lowlight_cli.pipeline.model_setup", None)
    assert enhance(folder, "-o", tmp_path / "file" / "out").code == 8


def test_8_the_disk_is_full(enhance, folder, tmp_path, monkeypatch):
    real = os.fsync
    calls = []

    def fail_later(number):
        calls.append(number)
        if len(calls) > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(number)

    monkeypatch.setattr(os, "fsync", fail_later)
    run = enhance(folder, "-o", tmp_path / "out", "--workers", "1")
    assert run.code == 8
    monkeypatch.undo()
    made = [path for path in (tmp_path / "out").rglob("*.*") if path.suffix in (".png", ".jpg")]
    assert int(re.search(r"(\d+) enhanced", run.err)[1]) <= len(made)
    assert enhance(folder, "-o", tmp_path / "out").code == 0


def test_11_another_run_holds_the_folder(enhance, folder, tmp_path):
    (tmp_path / "out").mkdir()
    with output_lock(tmp_path / "out"):
        run = enhance(folder, "-o", tmp_path / "out", "-q")
        assert (run.code, run.out) == (11, "")
        assert f"pid {os.getpid()} on " in run.err
        assert enhance(folder / "a.png", "-o", tmp_path / "out" / "b.png").code == 11
    assert enhance(folder, "-o", tmp_path / "out").code == 0


def test_11_single_files_may_go_side_by_side(enhance, folder, tmp_path):
    (tmp_path / "out").mkdir()
    with output_lock(tmp_path / "out", shared=True):
        assert enhance(folder / "a.png", "-o", tmp_path / "out" / "b.png").code == 0
        assert enhance(folder, "-o", tmp_path / "out").code == 11


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_130_and_143_stopped_by_a_signal(enhance, folder, tmp_path, monkeypatch, number, code):
    decode_steady = engine.read_ahead

    def interrupted(jobs, *rest):
        for position, item in enumerate(decode_steady(jobs, *rest)):
            if position == 1:
                signal.raise_signal(number)
            yield item

    monkeypatch.setattr(engine, "read_ahead", interrupted)
    run = enhance(folder, "-o", tmp_path / "out")
    assert run.code == code
    assert run.err.splitlines()[-1].startswith("Interrupted: ")
    monkeypatch.undo()
    run = enhance(folder, "-o", tmp_path / "out")
    assert run.code == 0
    assert len(list((tmp_path / "out").rglob("*.*g"))) == 3
