"""Progress on stderr, in a terminal and elsewhere."""

import os
import pty
import re
import subprocess
import sys

import pytest


@pytest.fixture
def photos(tmp_path, make_picture):
    make_picture(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")
    return tmp_path / "in"


def test_a_terminal_says_at_once_what_is_loaded_then_shows_a_bar_that_leaves_nothing(root, photos, tmp_path):
    words = ["enhance", str(photos), "-o", str(tmp_path / "out"), "--model", "identity"]
    shown = in_terminal(root, words)
    assert "\x1b[" in shown
    assert re.search(r"\r[0-2]/2 +\d+%", shown)
    assert re.search(r"\r +\r", shown.rpartition("/2 ")[2])  # the bar is wiped out
    assert "failed  " in shown
    assert "\x1b[32m1 enhanced" in shown.rpartition("failed  ")[2]
    pieces = shown.split("\r")
    assert pieces[1] == "loading identity ..."
    assert pieces[2].strip() == ""
    assert any(piece.rstrip().endswith((", a.png", "  a.png")) for piece in pieces)
    assert in_terminal(root, [*words, "-q", "--retry-failed", "always"]).startswith("failed")


def test_loading_is_announced_before_torch_is_imported(root, photos, tmp_path):
    words = ["enhance", str(photos), "-o", str(tmp_path / "out"), "--model", "identity"]
    source = (
        "import os, sys\nfrom lowlight_cli.cli import progress\nfrom lowlight_cli.cli.app import main\n"
        "def show(line, text):\n    print(text, 'torch' in sys.modules, flush=True)\n    os._exit(0)\n"
        f"progress.StatusLine.show = show\nmain({words!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.stdout == "loading identity ... False\n"


def test_progress_elsewhere_has_no_control_characters(root, photos, tmp_path):
    words = ["enhance", str(photos), "-o", str(tmp_path / "out"), "--model", "identity"]
    done = subprocess.run(call(words), cwd=root, capture_output=True, check=False)
    assert done.returncode == 3
    assert done.stdout == b""
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", done.stderr)
    assert done.stderr.startswith(b"2 images, identity on cpu")


def call(words):
    return [sys.executable, "-m", "lowlight_cli", *words]


def in_terminal(root, words):
    """What a terminal of 100 columns gets on stderr."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    del environment["NO_COLOR"]
    with subprocess.Popen(
        call(words), cwd=root, stderr=theirs, stdout=subprocess.PIPE, env=environment
    ) as run:
        os.close(theirs)
        pieces = []
        try:
            while piece := os.read(ours, 4096):
                pieces.append(piece)
        except OSError:  # Linux tells the end of a terminal so
            run.wait()
    os.close(ours)
    return b"".join(pieces).decode()
