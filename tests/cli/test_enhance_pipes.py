"""``lle enhance`` between other programs: stdin, stdout, lists of paths, readers that go away."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image


class _Pipe:
    """A stdin or stdout of bytes."""

    def __init__(self, data=b"", *, is_terminal=False):
        self.buffer = io.BytesIO(data)
        self._is_terminal = is_terminal

    def isatty(self):
        return self._is_terminal

    def write(self, text):
        self.buffer.write(text.encode())

    def flush(self):
        pass


@pytest.fixture
def pipe(monkeypatch):
    """Replaces a stream of the program."""

    def replace(name, data=b"", **options):
        stream = _Pipe(data, **options)
        monkeypatch.setattr(sys, name, stream)
        return stream

    return replace


def test_a_picture_goes_through(enhance, make_picture, tmp_path, pipe):
    data = make_picture(tmp_path / "a.png").read_bytes()
    pipe("stdin", data)
    stdout = pipe("stdout")
    assert enhance("-", "-o", "-", "-f", "webp").code == 0
    with Image.open(io.BytesIO(stdout.buffer.getvalue())) as image:
        assert (image.format, image.size) == ("WEBP", (48, 32))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png"]


def test_the_format_of_stdin_is_kept(enhance, make_picture, tmp_path, pipe):
    pipe("stdin", make_picture(tmp_path / "a.jpg").read_bytes())
    stdout = pipe("stdout")
    enhance("-", "-o", "-")
    assert stdout.buffer.getvalue().startswith(b"\xff\xd8")


def test_one_file_goes_to_stdout(enhance, make_picture, tmp_path, pipe):
    stdout = pipe("stdout")
    assert enhance(make_picture(tmp_path / "a.png"), "-o", "-").code == 0
    assert stdout.buffer.getvalue().startswith(b"\x89PNG")


@pytest.mark.parametrize(("limit", "is_same"), [("0.001", True), ("1", False)])
def test_a_bright_picture_passes_through(enhance, make_picture, tmp_path, pipe, limit, is_same):
    data = make_picture(tmp_path / "a.png").read_bytes()
    pipe("stdin", data)
    stdout = pipe("stdout")
    assert enhance("-", "-o", "-", "--only-dark", limit).code == 0
    assert (stdout.buffer.getvalue() == data) == is_same
    assert stdout.buffer.getvalue()


def test_stdin_goes_to_a_file(enhance, make_picture, tmp_path, pipe):
    data = make_picture(tmp_path / "a.png").read_bytes()
    for _ in range(2):  # what came on stdin has no time, so it is made anew
        pipe("stdin", data)
        run = enhance("-", "-o", tmp_path / "b.png", "--print", "paths")
        assert (run.code, run.out) == (0, f"{tmp_path}/b.png\n")


def test_what_is_no_picture_gives_no_byte(enhance, pipe):
    pipe("stdin", b"no picture")
    stdout = pipe("stdout")
    run = enhance("-", "-o", "-")
    assert run.code == 4
    assert "failed  -  unreadable" in run.err
    assert stdout.buffer.getvalue() == b""


def test_a_terminal_gets_no_picture_unless_it_insists(enhance, make_picture, tmp_path, pipe):
    picture = make_picture(tmp_path / "a.png")
    stdout = pipe("stdout", is_terminal=True)
    run = enhance(picture, "-o", "-")
    assert (run.code, stdout.buffer.getvalue()) == (2, b"")
    assert "--force-tty" in run.err
    assert enhance(picture, "-o", "-", "--force-tty").code == 0
    assert stdout.buffer.getvalue().startswith(b"\x89PNG")


def test_a_terminal_is_no_picture(enhance, pipe):
    pipe("stdin", is_terminal=True)
    run = enhance("-", "-o", "-")
    assert run.code == 2
    assert "stdin, which is a terminal" in run.err


@pytest.mark.parametrize("printed", ["paths", "new"])
def test_paths_of_all_results_are_printed_or_only_of_new_ones(enhance, folder, tmp_path, printed):
    (folder / "bad.png").write_text("no picture")
    out = tmp_path / "out"
    paths = [f"{out}/a.png", f"{out}/b/c.png", f"{out}/b/d/e.jpg"]
    run = enhance(folder, "-o", out, "--print", printed)
    assert sorted(run.out.splitlines()) == paths
    (out / "a.png").unlink()
    again = enhance(folder, "-o", out, "--print", printed, "-0")
    assert sorted(again.out.split("\0")[:-1]) == (paths if printed == "paths" else paths[:1])


ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}


def _shell(root, command, **options):
    program = f"{sys.executable} -m lowlight_cli"
    words = ["bash", "-o", "pipefail", "-c", command.replace("lle ", f"{program} ")]
    environment = {**ENVIRONMENT, "PYTHONPATH": str(root)}
    return subprocess.run(words, env=environment, capture_output=True, check=False, **options)


def test_lists_go_in_and_out_of_a_pipeline(root, make_picture, tmp_path):
    for name in ("a b.png", "c\nd.png", "e/f.png"):
        make_picture(tmp_path / "in" / name, size=(8, 8))
    command = (
        "find in -name '*.png' -print0"
        " | lle enhance --files-from - -0 -o out -m identity --device cpu -q --print paths -0"
        " | xargs -0 -n1 test -s"
    )
    done = _shell(root, command, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "out" / "in" / "c\nd.png").exists()


def test_stdin_is_left_to_the_loop_around(root, make_picture, tmp_path):
    make_picture(tmp_path / "a" / "x.png", size=(8, 8))
    command = "{ read -r d; lle enhance $d -o out -q -m identity --device cpu; read -r d; echo $d; }"
    command = f"printf 'a\\nb\\n' | {command}"
    done = _shell(root, command, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"b\n"), done.stderr


def test_a_reader_that_goes_away_ends_the_run_quietly(root, make_picture, tmp_path):
    for number in range(6):
        make_picture(tmp_path / "in" / f"{number}.png", size=(8, 8))
    done = _shell(root, "lle enhance in -o out -m identity --device cpu -q --json | true", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (141, b"", b"")
    manifest = tmp_path / "out" / ".lle" / "manifest.jsonl"
    made = {path.name for path in (tmp_path / "out").glob("*.png")}
    assert manifest.exists() or not made


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("words", ["enhance a.png -o - -m identity --device cpu", "version", "models list"])
def test_a_full_disk_behind_stdout_is_no_bug(root, make_picture, tmp_path, words):
    make_picture(tmp_path / "a.png", size=(8, 8))
    done = _shell(root, f"lle {words} > /dev/full", cwd=tmp_path)
    assert done.returncode == 8, done.stderr
    assert done.stderr.endswith(b"lle: error: cannot write the output: No space left on device\n")


def test_logs_hold_no_control_characters(enhance, make_picture, tmp_path):
    make_picture(tmp_path / "in" / "a\x1b[31m.png", size=(8, 8))
    run = enhance(tmp_path / "in", "-o", tmp_path / "out")
    assert (run.code, run.out) == (0, "")
    assert "1 enhanced" in run.err
    assert not [char for char in run.err if not char.isprintable() and char != "\n"]


def test_a_plan_calls_stdin_and_stdout_by_their_usual_name(run_lle, make_picture, pipe, tmp_path):
    picture = make_picture(tmp_path / "a.png")
    pipe("stdin", picture.read_bytes())
    run = run_lle("enhance", "-", "-o", "-", "-n", "-m", "identity")
    assert (run.code, run.out.split()[:4]) == (0, ["make", "-", "->", "-"])
    pipe("stdin", picture.read_bytes())
    run = run_lle("enhance", "-", "-o", tmp_path / "b.png", "-n", "-m", "identity", "--json")
    event = json.loads(run.out)
    assert (event["in"], event["out"]) == ("-", str(tmp_path / "b.png"))
