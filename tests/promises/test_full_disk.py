"""Promise: a full disk ends the run, costs no finished file, and leaves nothing half written."""

import contextlib
import resource
import subprocess

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def noisy(tmp_path):
    """Ten pictures of about 30 kB each."""
    generator = np.random.default_rng(0)
    (tmp_path / "in").mkdir()
    for number in range(10):
        pixels = generator.integers(0, 255, (100, 100, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "in" / f"{number}.png")
    return tmp_path / "in"


@contextlib.contextmanager
def _largest_file(size):
    """What `ulimit -f` does; Python is told by an error, not by a signal."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def _small_disk(folder, size):
    folder.mkdir()
    options = f"size={size}"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def _run(run_lle, source, out):
    return run_lle("enhance", source, "-o", out, "-m", "identity", "--device", "cpu", "--min-free", "0")


def _check(out, *, complete):
    pictures = list(out.glob("*.png"))
    assert len(pictures) == complete if isinstance(complete, int) else pictures
    for path in pictures:
        Image.open(path).load()
    assert not list(out.rglob("*.lle-tmp-*"))


def test_a_limit_on_the_size_of_files(run_lle, noisy, tmp_path):
    out = tmp_path / "out"
    with _largest_file(10_000):
        run = _run(run_lle, noisy, out)
    assert run.code == 8
    assert "disk_full" in run.err
    _check(out, complete=0)
    assert _run(run_lle, noisy, out).code == 0
    _check(out, complete=10)


def test_a_disk_of_200_kb(run_lle, noisy, tmp_path):
    out = tmp_path / "out"
    with _small_disk(out, 200_000):
        run = _run(run_lle, noisy, out)
        assert run.code == 8
        assert "disk_full" in run.err
        _check(out, complete=None)


def test_room_that_shall_stay_free(run_lle, noisy, tmp_path):
    out = tmp_path / "out"
    run = run_lle(
        "enhance", noisy, "-o", out, "-m", "identity", "--device", "cpu", "--min-free", "9999999999M"
    )
    assert run.code == 8
    assert "--min-free" in run.err
    _check(out, complete=0)
