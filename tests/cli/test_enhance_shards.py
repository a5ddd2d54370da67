"""``lle enhance --shard``: parts of a run, side by side, killed and repeated."""

import os
import signal
import subprocess
import sys
import time

import pytest

from lowlight_cli.pipeline.lock import output_lock
from tests.cli.written_records import facts, files, states


@pytest.fixture
def photos(make_picture, tmp_path):
    """Twelve pictures in a tree, and one damaged file."""
    for i in range(12):
        make_picture(tmp_path / "in" / f"{i % 3}" / f"{i}.png", seed=i)
    (tmp_path / "in" / "bad.jpg").write_bytes(b"\xff\xd8 no picture")
    return tmp_path / "in"


@pytest.fixture
def start(root):
    """Starts ``lle enhance`` with the identity model in a process of its own."""

    def run(*arguments):
        words = ["-m", "lowlight_cli", "enhance", "-m", "identity", "--device", "cpu", *map(str, arguments)]
        environment = os.environ | {"PYTHONPATH": str(root)}
        return subprocess.Popen(
            [sys.executable, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    return run


def test_two_shards_side_by_side_equal_one_run(enhance, start, photos, tmp_path):
    one, out, name = tmp_path / "one", tmp_path / "out", ("--name", "{n:03}_{stem}{ext}")
    processes = [start(photos, "-o", out, *name, "--shard", f"{index}/2") for index in (0, 1)]
    codes = [process.wait(120) for process in processes]
    errors = b"".join(process.communicate()[1] for process in processes)
    assert sorted(codes) == [0, 3], errors.decode()
    assert enhance(photos, "-o", one, *name).code == 3
    assert files(one) == files(out)
    assert facts(one) == facts(out)
    assert {"manifest-0-of-2.jsonl", "manifest-1-of-2.jsonl"} <= set(states(out))


def test_a_full_run_afterwards_finds_all_unchanged_and_makes_one_book(enhance, photos, tmp_path):
    for index in (0, 1, 2):
        enhance(photos, "-o", tmp_path / "out", "--shard", f"{index}/3")
    before = facts(tmp_path / "out")
    done = enhance(photos, "-o", tmp_path / "out")
    assert done.code == 0
    assert "0 enhanced in" in done.err
    assert "12 unchanged" in done.err
    assert "1 known failure" in done.err
    assert states(tmp_path / "out") == ["failed.txt", "lock", "manifest.jsonl"]
    assert facts(tmp_path / "out") == before
    assert "0 enhanced in" in enhance(photos, "-o", tmp_path / "out", "--shard", "0/2").err


def test_a_shard_that_is_killed_is_run_again(enhance, start, make_picture, tmp_path):
    for i in range(40):
        make_picture(tmp_path / "in" / f"{i}.png", size=(400, 300), seed=i)
    out = tmp_path / "out"
    process = start(tmp_path / "in", "-o", out, "--shard", "0/2")
    journal = out / ".lle" / "journal-0-of-2.jsonl"
    give_up_at = time.monotonic() + 60
    while not journal.exists() and process.poll() is None and time.monotonic() < give_up_at:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert journal.exists()
    assert enhance(tmp_path / "in", "-o", out, "--shard", "1/2").code == 0
    assert enhance(tmp_path / "in", "-o", out, "--shard", "0/2").code == 0
    assert enhance(tmp_path / "in", "-o", tmp_path / "one").code == 0
    assert files(out) == files(tmp_path / "one")
    size = ("w", "h")  # unknown for a result that was written but not recorded
    assert facts(out, size) == facts(tmp_path / "one", size)
    assert not list(out.rglob("journal*"))


def test_a_shard_recovers_its_own_result_and_no_other(enhance, photos, tmp_path):
    out = tmp_path / "out"
    for index in (0, 1):
        enhance(photos, "-o", out, "--shard", f"{index}/2")
        (out / ".lle" / f"manifest-{index}-of-2.jsonl").rename(out / ".lle" / f"journal-{index}-of-2.jsonl")
    with output_lock(out, shared=True, tries_alone=False):  # another shard runs
        assert "0 enhanced in" in enhance(photos, "-o", out, "--shard", "0/2").err
        assert (out / ".lle" / "journal-1-of-2.jsonl").exists()
    assert "0 enhanced in" in enhance(photos, "-o", out).err
    assert states(out) == ["failed.txt", "lock", "manifest.jsonl"]


def test_a_journal_of_another_division_is_recovered_by_the_first_shard(enhance, photos, tmp_path):
    out = tmp_path / "out"
    enhance(photos, "-o", out)
    (out / ".lle" / "manifest.jsonl").rename(out / ".lle" / "journal.jsonl")
    for index in range(5):
        assert "left alone" not in enhance(photos, "-o", out, "--shard", f"{index}/5").err
    assert not (out / ".lle" / "journal.jsonl").exists()


def test_a_folder_may_grow_between_shards(enhance, photos, make_picture, tmp_path):
    out = tmp_path / "out"
    enhance(photos, "-o", out, "--shard", "0/2")
    for i in range(12, 20):
        make_picture(photos / "new" / f"{i}.png", seed=i)
    enhance(photos, "-o", out, "--shard", "1/2")
    enhance(photos, "-o", out, "--shard", "0/2")
    assert "20 unchanged" in enhance(photos, "-o", out).err
    enhance(photos, "-o", tmp_path / "one")
    assert files(out) == files(tmp_path / "one")


def test_a_shard_without_images_says_so_and_is_no_failure(enhance, make_tree, tmp_path):
    folder = make_tree("a.png")
    done = [
        enhance(folder, "-o", tmp_path / "out", "--shard", f"{index}/2", "--fail-empty") for index in (0, 1)
    ]
    assert [run.code for run in done] == [0, 0]
    assert sum("no images for shard" in run.err for run in done) == 1


def test_a_full_run_and_a_shard_exclude_each_other(enhance, make_tree, tmp_path):
    folder, out = make_tree("a.png"), tmp_path / "out"
    out.mkdir()
    with output_lock(out):
        assert enhance(folder, "-o", out, "--shard", "0/1").code == 11
    with output_lock(out, shared=True, tries_alone=False):
        assert enhance(folder, "-o", out).code == 11


def test_one_shard_runs_once_and_in_one_division(enhance, make_tree, tmp_path):
    folder, out = make_tree("a.png"), tmp_path / "out"
    out.mkdir()
    with output_lock(out, shared=True, tries_alone=False), output_lock(out, name="lock-0-of-1"):
        assert enhance(folder, "-o", out, "--shard", "0/1").code == 11
        done = [enhance(folder, "-o", out, "--shard", f"{index}/2") for index in (0, 1)]
    assert sum(run.code == 11 and "divides the images" in run.err for run in done) >= 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--on-exist", "rename"), "--on-exist rename"),
        (("--on-exist", "error"), "--on-exist error"),
        (("--report", "page.html"), "--report"),
        (("--contact-sheet", "sheet.jpg"), "--contact-sheet"),
        (("--watch",), "--watch"),
    ],
)
def test_what_looks_at_all_images_is_refused(enhance, make_tree, tmp_path, arguments, words):
    done = enhance(make_tree("a.png"), "-o", tmp_path / "out", "--shard", "0/2", *arguments)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert f"--shard excludes {words}" in done.err


def test_single_images_are_refused(enhance, make_tree, tmp_path):
    folder = make_tree("a.png")
    for arguments in (
        (folder / "a.png", "-o", tmp_path / "new.png"),
        ("-", "-o", tmp_path / "new.png"),
        (folder / "a.png", "-o", "-"),
        (folder, "--in-place", "--no-backup", "--yes"),
    ):
        done = enhance(*arguments, "--shard", "0/2")
        assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


def test_a_disk_without_locks_is_reported(enhance, make_tree, tmp_path, monkeypatch):
    def refuse(file, kind):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("lowlight_cli.pipeline.lock.fcntl.flock", refuse)
    done = enhance(make_tree("a.png"), "-o", tmp_path / "out")
    assert done.code == 0
    assert "does not support locks; start no other run there" in done.err
