"""Messages of C libraries are suppressed, and nothing else is."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Thread

import pytest

from lowlight_cli.images.mute_native_libs import libraries_muted


@contextmanager
def own_stderr(path):
    """Gives Python's stderr another descriptor; pytest resets it before each test, not after."""
    before = sys.stderr
    with path.open("w") as sys.stderr:
        yield
    sys.stderr = before


def from_c(text):
    """Writes to the descriptor as a C library does, bypassing Python."""
    os.write(2, text)


def test_libraries_are_heard_before_and_after_but_not_meanwhile(tmp_path, capfd):
    from_c(b"before ")
    with own_stderr(tmp_path / "own"), libraries_muted():
        from_c(b"meanwhile ")
        sys.stderr.write("a word of Python\n")
    from_c(b"after")
    assert capfd.readouterr().err == "before after"
    assert (tmp_path / "own").read_text() == "a word of Python\n"


def test_the_last_thread_to_finish_opens_again(tmp_path, capfd):
    inside, over = Barrier(4), Barrier(4)

    def read():
        with libraries_muted():
            inside.wait(10)
            from_c(b"noise")
        over.wait(10)
        from_c(b".")

    threads = [Thread(target=read) for _ in range(4)]
    with own_stderr(tmp_path / "own"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert capfd.readouterr().err == "...."


def test_an_error_opens_again(tmp_path, capfd):
    with own_stderr(tmp_path / "own"), pytest.raises(ValueError, match="damaged"), libraries_muted():
        raise ValueError("damaged")
    from_c(b"heard")
    assert capfd.readouterr().err == "heard"


def test_no_descriptors_are_left_open(tmp_path):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        with own_stderr(tmp_path / "own"), libraries_muted(), libraries_muted():
            pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("shared", [True, False])
def test_nothing_is_muted_where_python_would_be_muted_with_it(monkeypatch, capfd, shared):
    with open(2, "w", closefd=False) as two:
        monkeypatch.setattr(sys, "stderr", two if shared else None)
        with libraries_muted():
            from_c(b"heard")
    assert capfd.readouterr().err == "heard"
