"""Links, pipes, permissions, full disks and impossible names: what must become of a run."""

import errno
import fcntl
import os
from pathlib import Path

import pytest

from tests.cli.adverse_bytes import dark, saved
from tests.cli.adverse_checks import opened
from tests.cli.outcomes import check_counts, events


def test_what_is_no_regular_file_does_not_block(enhance, tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "device.png").symlink_to("/dev/zero")
    (tmp_path / "nowhere.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "good.png").write_bytes(saved(dark(), "PNG"))
    run = enhance(tmp_path, "-o", tmp_path / "out", "--json")
    items, end = events(run.out)
    check_counts(end)
    assert items[os.fsencode(tmp_path / "good.png")]["status"] == "ok"
    failed = {item["error"]["code"] for item in items.values() if item["status"] == "failed"}
    assert failed == {"unreadable", "missing"}
    assert end["failed"] + end["ignored"] == 3


def test_links_to_files_are_read_through_and_results_replace_links(enhance, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    original, precious = tmp_path / "elsewhere" / "a.png", tmp_path / "elsewhere" / "precious.png"
    original.write_bytes(saved(dark(), "PNG"))
    precious.write_bytes(b"precious")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").symlink_to(original)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").symlink_to(precious)
    run = enhance(tmp_path / "in", "-o", tmp_path / "out", "--on-exist", "overwrite")
    assert run.code == 0, run.err
    assert precious.read_bytes() == b"precious"
    assert not (tmp_path / "out" / "a.png").is_symlink()
    assert opened(tmp_path / "out" / "a.png").size == (48, 32)
    assert (tmp_path / "in" / "a.png").is_symlink()


def test_a_loop_of_links_ends(enhance, tmp_path):
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / "in" / "a" / "b").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "x.png").write_bytes(saved(dark(), "PNG"))
    run = enhance(tmp_path / "in", "-o", tmp_path / "out", "--follow-symlinks", "--json")
    assert (run.code, len(events(run.out)[0])) == (0, 1)


@pytest.mark.parametrize(
    ("names", "options"), [(("A.png", "a.png"), ()), (("x.jpg", "x.png"), ("-f", "png"))]
)
def test_two_inputs_for_one_result_are_refused_before_any_work(enhance, tmp_path, names, options):
    (tmp_path / "in").mkdir()
    for name in names:
        (tmp_path / "in" / name).write_bytes(saved(dark(), "PNG"))
    run = enhance(tmp_path / "in", "-o", tmp_path / "out", *options)
    assert (run.code, run.out) == (2, "")
    assert all(name in run.err for name in names)
    assert not list(tmp_path.glob("out/*.png"))
    run = enhance(tmp_path / "in", "-o", tmp_path / "out", "--on-exist", "rename", *options)
    assert run.code == 0, run.err
    assert len(list(tmp_path.glob("out/*.png"))) == 2


def test_a_place_that_cannot_be_written_to_is_found_before_the_model_is_loaded(enhance, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(saved(dark(), "PNG"))
    (tmp_path / "file").write_text("not a folder")
    assert enhance(tmp_path / "in", "-o", tmp_path / "file" / "out").code == 8


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_an_item(one, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").touch(mode=0)
    assert one("b.png", saved(dark(), "PNG"))[0].code == 0


def test_a_full_disk_ends_the_run_and_leaves_nothing_half_written(enhance, tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    for number in range(4):
        (tmp_path / "in" / f"{number}.png").write_bytes(saved(dark(), "PNG"))
    written, real = [], os.fsync

    def fsync(file):
        path = str(Path(f"/proc/self/fd/{file}").readlink())
        if ".png.lle-tmp" in path:
            written.append(path)
            if len(written) == 2:
                raise OSError(errno.ENOSPC, "No space left on device")
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    run = enhance(tmp_path / "in", "-o", tmp_path / "out", "--workers", "1", "--json")
    assert run.code == 8
    items, end = events(run.out)
    check_counts(end)
    assert "disk_full" in {item.get("error", {}).get("code") for item in items.values()}
    left = [path for path in (tmp_path / "out").glob("*") if path.is_file()]
    assert not [path for path in left if "lle-tmp" in path.name]
    for path in left:
        opened(path)
    monkeypatch.undo()
    assert enhance(tmp_path / "in", "-o", tmp_path / "out").code == 0
    assert len(list((tmp_path / "out").glob("*.png"))) == 4


def test_one_run_at_a_time_writes_into_a_folder(enhance, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(saved(dark(), "PNG"))
    (tmp_path / "out" / ".lle").mkdir(parents=True)
    with (tmp_path / "out" / ".lle" / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = enhance(tmp_path / "in", "-o", tmp_path / "out")
    assert (run.code, list((tmp_path / "out").glob("*.png"))) == (11, [])


def test_the_longest_names_of_results_are_taken_or_refused_with_a_word(enhance, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / ("x" * 251 + ".png")).write_bytes(saved(dark(), "PNG"))
    run = enhance(tmp_path / "in", "-o", tmp_path / "out", "--suffix", "_bright", "--json")
    items, end = events(run.out)
    check_counts(end)
    assert run.code in (4, 8)
    assert next(iter(items.values()))["error"]["msg"].endswith("File name too long")


def test_words_that_are_no_possible_names_are_mistakes_and_no_bugs(enhance, tmp_path):
    (tmp_path / "a.png").write_bytes(saved(dark(), "PNG"))
    endless = tmp_path / ("y" * 300 + ".png")
    for words in (
        [endless, "-o", tmp_path / "out"],
        [tmp_path / "a.png", "-o", endless],
        [tmp_path, "-o", endless],
    ):
        run = enhance(*words)
        assert (run.code, run.out) == (2, "")
        assert run.err.endswith("File name too long\n")
