"""Damaged files are reported once; until they change they count as known failures."""

import json
import os

import pytest

from lowlight_cli.errors import ImageError
from lowlight_cli.pipeline import decode_ahead


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def night(enhance, folder, out):
    """Runs the same command each night; the first time two of five files are damaged."""
    (folder / "bad.png").write_text("no picture")
    cut = folder / "b" / "cut.jpg"
    cut.write_bytes((folder / "b" / "d" / "e.jpg").read_bytes()[:700])
    return lambda *more: enhance(folder, "-o", out, *more)


def _end(run):
    return json.loads(run.out.splitlines()[-1])


def _reasons(run):
    events = [json.loads(line) for line in run.out.splitlines()]
    return {event["in"].rsplit("/", 1)[1]: event["reason"] for event in events if "reason" in event}


def _age(path):
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000_000))


def test_a_damaged_file_is_reported_once(night, folder, out):
    first = night("-q")
    assert (first.code, first.err.count("failed  ")) == (3, 2)
    listed = (out / ".lle" / "failed.txt").read_text()
    assert sorted(listed.splitlines()) == [f"{folder}/./b/cut.jpg", f"{folder}/./bad.png"]
    assert night("-q") == (0, "", "")
    again = night()
    assert (again.code, again.err.splitlines()) == (
        0,
        [
            f"0 enhanced in {out}/ · 3 unchanged · 2 known failures · 1 other file ignored",
            f"2 known failures in {out}/.lle/failed.txt; try them again with --retry-failed always",
        ],
    )
    assert (out / ".lle" / "failed.txt").read_text() == listed


def test_known_failures_are_counted_in_the_events(night):
    assert _end(night("--json"))["known_failures"] == 0
    run = night("--json")
    end = _end(run)
    assert [end[key] for key in ("skipped", "failed", "known_failures", "exit")] == [5, 0, 2, 0]
    assert _reasons(run)["bad.png"] == "known_failure"


def test_a_file_that_was_replaced_is_tried(night, folder, make_picture, out):
    night()
    make_picture(folder / "bad.png")
    run = night()
    assert (run.code, (out / "bad.png").exists()) == (0, True)
    assert "1 enhanced" in run.err
    assert "1 known failure " in run.err
    assert (out / ".lle" / "failed.txt").read_text() == f"{folder}/./b/cut.jpg\n"
    _age(folder / "b" / "cut.jpg")
    again = night()
    assert (again.code, "cut.jpg  truncated" in again.err) == (3, True)
    assert night().code == 0


def test_a_new_failure_is_reported_beside_known_ones(night, folder, out):
    night()
    (folder / "worse.png").write_text("no picture either")
    run = night()
    assert (run.code, run.err.count("failed  ")) == (3, 1)
    assert "1 failed · 2 known failures" in run.err
    assert (out / ".lle" / "failed.txt").read_text().count("\n") == 3
    assert night().code == 0


@pytest.mark.parametrize(
    "option", [("--retry-failed", "always"), ("--strength", "0.5"), ("--max-pixels", "1M")]
)
def test_other_options_try_damaged_files_again(night, option):
    night()
    assert night(*option).code == 3


def test_the_way_to_read_truncated_files_is_named_and_works(night, out):
    assert "1 truncated file: read it as far as it goes with --allow-truncated" in night().err
    run = night("--allow-truncated")
    assert (out / "b" / "cut.jpg").exists()
    assert "truncated file" not in run.err


@pytest.mark.parametrize("on_exist", ["skip", "overwrite", "rename"])
def test_known_failures_do_not_depend_on_what_happens_to_outputs(night, on_exist):
    assert night("--on-exist", on_exist).code == 3
    assert night("--on-exist", on_exist).code == 0


def test_known_failures_of_another_list_are_listed_again(night, enhance, folder, out, make_picture):
    night()
    enhance(make_picture(folder.parent / "other.png"), "-o", out)
    assert not (out / ".lle" / "failed.txt").exists()
    run = night()
    assert run.code == 0
    assert (out / ".lle" / "failed.txt").read_text().count("\n") == 2


def test_in_place_a_damaged_file_is_reported_once(enhance, folder):
    (folder / "bad.png").write_text("no picture")
    options = (folder, "--in-place", "--no-backup", "--yes")
    assert [enhance(*options).code for _ in range(2)] == [3, 0]


def test_a_named_output_file_is_always_tried(enhance, folder, tmp_path):
    (folder / "bad.png").write_text("no picture")
    assert [enhance(folder / "bad.png", "-o", tmp_path / "x.png").code for _ in range(2)] == [4, 4]


@pytest.mark.parametrize("code", ["oom", "read", "missing", "permission"])
def test_what_is_not_in_the_file_is_always_tried(enhance, folder, out, monkeypatch, code):
    def fail(path, settings):
        raise ImageError(code, "not now")

    with monkeypatch.context() as patch:
        patch.setattr(decode_ahead, "decode", fail)
        for _ in range(2):
            run = enhance(folder, "-o", out)
            assert run.code == 4
            command = f"lle enhance --files-from {out}/.lle/failed.txt -o {out} --model identity --device cpu"
            assert run.err.splitlines()[-1] == f"retry:  {command}"
    assert enhance(folder, "-o", out).code == 0
