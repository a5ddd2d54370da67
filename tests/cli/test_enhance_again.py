"""Runs into a folder that earlier runs wrote to: resume, and the other ways to treat what is there."""

import json
import os
import shutil

import pytest
from PIL import Image

from lowlight_cli.pipeline import engine
from lowlight_cli.pipeline.manifest import read_manifest


@pytest.fixture
def out(enhance, folder, tmp_path):
    """Results of a first run."""
    assert enhance(folder, "-o", tmp_path / "out").code == 0
    return tmp_path / "out"


def _rows(run):
    """Status of each item of a run with ``--json``, by the name of the result."""
    events = [json.loads(line) for line in run.out.splitlines()]
    return {event["out"].rsplit("/", 1)[1]: event["status"] for event in events if event["event"] == "item"}


def _touch_later(path):
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000_000))


def test_what_is_up_to_date_is_not_even_opened(enhance, folder, out, monkeypatch):
    monkeypatch.setattr(engine, "run_plan", lambda *_args, **_kwargs: pytest.fail("a model was run"))
    monkeypatch.setattr("lowlight_cli.images.decode.decode", lambda *_: pytest.fail("a picture was read"))
    books = (out / ".lle" / "manifest.jsonl").read_bytes()
    run = enhance(folder, "-o", out)
    assert (run.code, run.out) == (0, "")
    assert run.err == f"0 enhanced in {out}/ · 3 unchanged · 1 other file ignored\n"
    assert (out / ".lle" / "manifest.jsonl").read_bytes() == books


def test_only_what_changed_is_made_again(enhance, folder, make_picture, out):
    make_picture(folder / "a.png", seed=5)
    _touch_later(folder / "a.png")
    make_picture(folder / "new.png")
    rows = _rows(enhance(folder, "-o", out, "--json"))
    assert rows == {"a.png": "ok", "c.png": "skipped", "e.jpg": "skipped", "new.png": "ok"}
    with Image.open(folder / "a.png") as before, Image.open(out / "a.png") as after:
        assert before.tobytes() == after.tobytes()


@pytest.mark.parametrize(
    "option", [("--strength", "0.5"), ("--compression", "1"), ("--metadata", "strip"), ("--deblur",)]
)
def test_other_options_make_everything_again(enhance, folder, out, option):
    assert "3 enhanced" in enhance(folder, "-o", out, *option).err
    assert "3 unchanged" in enhance(folder, "-o", out, *option).err


@pytest.mark.parametrize("option", [("--workers", "1"), ("--batch-size", "2"), ("--max-errors", "5")])
def test_options_that_change_no_result_do_not(enhance, folder, out, option):
    assert "3 unchanged" in enhance(folder, "-o", out, *option).err


def test_a_result_that_is_gone_is_made_again(enhance, folder, out):
    (out / "a.png").unlink()
    assert f"1 enhanced in {out}/ · 2 unchanged" in enhance(folder, "-o", out).err


def test_a_file_of_somebody_else_is_left_alone(enhance, folder, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_text("precious")
    run = enhance(folder, "-o", tmp_path / "out", "-q")
    assert (run.code, run.out) == (3, "")
    assert run.err.startswith(f"conflict  {folder}/a.png  '{tmp_path}/out/a.png' exists, and was not written")
    assert (tmp_path / "out" / "a.png").read_text() == "precious"
    assert (tmp_path / "out" / "b" / "c.png").exists()
    again = enhance(folder, "-o", tmp_path / "out")
    assert again.code == 3
    assert f"0 enhanced in {tmp_path}/out/ · 2 unchanged · 1 left alone" in again.err
    assert "--on-exist overwrite" in again.err
    assert enhance(folder, "-o", tmp_path / "out", "--on-exist", "overwrite").code == 0
    assert enhance(folder, "-o", tmp_path / "out").code == 0


def test_nothing_but_conflicts_is_code_three(enhance, folder, out):
    shutil.rmtree(out / ".lle")
    assert enhance(folder, "-o", out).code == 3


def test_a_result_that_was_worked_on_is_not_lost(enhance, folder, out):
    (out / "a.png").write_bytes((out / "a.png").read_bytes() + b"retouched")
    assert enhance(folder, "-o", out).code == 0  # the input is the same: nothing to do
    run = enhance(folder, "-o", out, "--strength", "0.5")
    assert run.code == 3
    assert "was changed since lle wrote it" in run.err
    assert (out / "a.png").read_bytes().endswith(b"retouched")


def test_a_result_of_another_folder_is_left_alone(enhance, folder, make_picture, out, tmp_path):
    make_picture(tmp_path / "other" / "a.png", seed=9)
    run = enhance(tmp_path / "other", "-o", out)
    assert run.code == 3
    assert f"holds the result of '{folder}/a.png'" in run.err
    assert "3 unchanged" in enhance(folder, "-o", out).err


def test_a_folder_that_moved_is_still_the_same(enhance, folder, out, tmp_path):
    folder.rename(tmp_path / "moved")
    assert "3 unchanged" in enhance(tmp_path / "moved", "-o", out).err


def test_a_line_that_was_cut_short_is_passed_over(enhance, folder, out):
    manifest = out / ".lle" / "manifest.jsonl"
    lines = manifest.read_bytes().splitlines(keepends=True)
    manifest.write_bytes(b"".join(lines[:-1]) + lines[-1][:40])
    lost = json.loads(lines[-1])["output"]
    (out / lost).unlink()
    assert f"1 enhanced in {out}/ · 2 unchanged" in enhance(folder, "-o", out).err
    assert len(read_manifest(out)) == 3
    assert "3 unchanged" in enhance(folder, "-o", out).err


def test_failures_are_tried_again_and_listed(enhance, folder, make_picture, tmp_path):
    out = tmp_path / "out"
    (folder / "b" / "bad.png").write_text("no picture")
    run = enhance(folder, "-o", out, "--strength", "0.5")
    assert run.code == 3
    listing = out / ".lle" / "failed.txt"
    assert listing.read_text() == f"{folder}/./b/bad.png\n"
    assert "retry:" not in run.err
    make_picture(folder / "b" / "bad.png")
    run = enhance("--files-from", listing, "-o", out, "--strength", "0.5")
    assert (run.code, (out / "b" / "bad.png").exists()) == (0, True)
    assert not listing.exists()
    assert "4 unchanged" in enhance(folder, "-o", out, "--strength", "0.5").err


def test_what_failed_on_its_way_into_a_file_is_tried_again_into_that_file(enhance, make_picture, tmp_path):
    source, target = tmp_path / "bad.png", tmp_path / "good.png"
    source.write_text("no picture")
    for _ in range(2):
        assert enhance(source, "-o", target).code == 4
    make_picture(source)
    assert enhance(source, "-o", target).code == 0
    assert target.is_file()


def test_names_with_line_breaks_stay_on_one_line_in_messages(enhance, make_picture, tmp_path):
    make_picture(tmp_path / "in" / "a\nb.png")
    make_picture(tmp_path / "out" / "a\nb.png")
    run = enhance(tmp_path / "in", "-o", tmp_path / "out")
    assert run.code == 3
    (line,) = [line for line in run.err.splitlines() if line.startswith("conflict")]
    assert line.endswith("a\\nb.png' exists, and was not written by lle")


def test_a_failure_does_not_make_an_older_result_foreign(enhance, folder, make_picture, out):
    (folder / "a.png").write_text("no picture any more")
    assert enhance(folder, "-o", out).code == 3
    assert (out / "a.png").exists()
    make_picture(folder / "a.png", seed=7)
    _touch_later(folder / "a.png")
    assert enhance(folder, "-o", out).code == 0


def test_names_with_line_breaks_are_listed_with_nul(enhance, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a\nb.png", "c.png"):
        (tmp_path / "in" / name).touch()
    run = enhance(tmp_path / "in", "-o", tmp_path / "out")
    assert run.code == 4
    listing = tmp_path / "out" / ".lle" / "failed0.txt"
    assert sorted(listing.read_bytes().split(b"\0")[:-1]) == [
        os.fsencode(f"{tmp_path}/in/./a\nb.png"),
        os.fsencode(f"{tmp_path}/in/./c.png"),
    ]
    always = ("--retry-failed", "always")
    run = enhance("--files-from", listing, "-0", "-o", tmp_path / "out", "--json", *always)
    assert _rows(run) == {"a\nb.png": "failed", "c.png": "failed"}


def test_bright_pictures_are_skipped_and_remembered(enhance, folder, tmp_path, monkeypatch):
    Image.new("RGB", (40, 30), (250, 250, 250)).save(folder / "day.png")
    out = tmp_path / "out"
    run = enhance(folder, "-o", out, "--only-dark", "0.6", "--json")
    assert _rows(run) == {"a.png": "ok", "c.png": "ok", "e.jpg": "ok", "day.png": "skipped"}
    assert not (out / "day.png").exists()
    monkeypatch.setattr(engine, "run_plan", lambda *_args, **_kwargs: pytest.fail("a model was run"))
    run = enhance(folder, "-o", out, "--only-dark", "0.6")
    assert "3 unchanged · 1 bright enough" in run.err
    monkeypatch.undo()
    assert f"1 enhanced in {out}/ · 3 unchanged" in enhance(folder, "-o", out).err


@pytest.mark.parametrize(
    ("on_exist", "code", "words"),
    [
        ("skip", 0, "/ · 3 already done"),
        ("overwrite", 0, "3 enhanced"),
        ("error", 2, "exists; choose another --on-exist"),
        ("rename", 0, "/ · 3 unchanged"),
    ],
)
def test_other_ways_to_treat_what_is_there(enhance, folder, out, on_exist, code, words):
    run = enhance(folder, "-o", out, "--on-exist", on_exist)
    assert run.code == code
    assert words in run.err


def test_renaming_writes_beside_what_is_there_once(enhance, folder, out):
    for _ in range(2):
        assert enhance(folder, "-o", out, "--strength", "0.5", "--on-exist", "rename").code == 0
    names = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*") if ".lle" not in path.parts)
    assert names == ["a-2.png", "a.png", "b/c-2.png", "b/c.png", "b/d/e-2.jpg", "b/d/e.jpg"]


def test_renaming_tells_inputs_of_one_name_apart(enhance, make_picture, tmp_path):
    for name in ("x.jpg", "x.png", "X.webp"):
        make_picture(tmp_path / "in" / name)
    options = (tmp_path / "in", "-o", tmp_path / "out", "-f", "jpg", "--on-exist", "rename")
    assert enhance(*options).code == 0
    assert sorted(path.name for path in (tmp_path / "out").glob("*.jpg")) == [
        "X.webp.jpg",
        "x.jpg",
        "x.png.jpg",
    ]
    assert "3 unchanged" in enhance(*options).err


def test_a_single_file_can_be_tuned_again_and_again(enhance, folder, tmp_path):
    for strength in ("0.5", "0.7"):
        run = enhance(folder / "a.png", "-o", tmp_path / "a.png", "--strength", strength)
        assert (run.code, "1 enhanced" in run.err) == (0, True)
    assert "1 unchanged" in enhance(folder / "a.png", "-o", tmp_path / "a.png", "--strength", "0.7").err


def test_leftovers_of_a_killed_run_are_removed(enhance, folder, tmp_path):
    (tmp_path / "out" / "b").mkdir(parents=True)
    stale = tmp_path / "out" / "b" / "c.png.lle-tmp-4711"
    mine = tmp_path / "out" / "b" / "notes.lle-tmp-about.txt"
    stale.touch()
    mine.touch()
    assert enhance(folder, "-o", tmp_path / "out").code == 0
    assert (stale.exists(), mine.exists()) == (False, True)


def test_times_can_be_kept(enhance, folder, out):
    _touch_later(folder / "a.png")
    assert enhance(folder, "-o", out, "--preserve-mtime").code == 0
    assert (out / "a.png").stat().st_mtime_ns == (folder / "a.png").stat().st_mtime_ns
    assert "3 unchanged" in enhance(folder, "-o", out, "--preserve-mtime").err


def test_the_manifest_loses_lines_that_say_nothing_any_more(enhance, folder, make_picture, out):
    manifest = out / ".lle" / "manifest.jsonl"
    lines = manifest.read_bytes()
    manifest.write_bytes(lines * 400)
    make_picture(folder / "new.png")
    run = enhance(folder, "-o", out)
    assert f"1 enhanced in {out}/ · 3 unchanged" in run.err
    assert manifest.read_bytes().startswith(lines)
    assert manifest.read_bytes().count(b"\n") == 4
