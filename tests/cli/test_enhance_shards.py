"""``lle enhance --shard``: parts of a run, side by side, killed and repeated."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from threading import Barrier, Thread

import pytest

from lowlight_cli.errors import LockedError
from lowlight_cli.pipeline.lock import output_lock
from lowlight_cli.pipeline.manifest import read_manifest
from lowlight_cli.pipeline.output_folder import _check_division, hold
from lowlight_cli.pipeline.plan import Plan
from lowlight_cli.pipeline.shard import Shard
from tests.cli.written_records import facts, files, states

LATE = "2999-12-31T23:59:59Z-0000"


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
    # The other one may run, even if its lock cannot be seen on this machine.
    assert "0 enhanced in" in enhance(photos, "-o", out, "--shard", "0/2").err
    assert {"journal-1-of-2.jsonl", "lock-1-of-2", "manifest-0-of-2.jsonl"} <= set(states(out))
    assert "0 enhanced in" in enhance(photos, "-o", out).err
    assert states(out) == ["failed.txt", "lock", "manifest.jsonl"]


@pytest.mark.parametrize("ending", ["", "-0-of-1"])
def test_a_journal_of_another_division_is_recovered_by_the_first_shard(enhance, make_tree, tmp_path, ending):
    folder, out = make_tree(*(f"{number}.png" for number in range(9))), tmp_path / "out"
    enhance(folder, "-o", out, *(("--shard", "0/1") if ending else ()))
    (out / ".lle" / f"manifest{ending}.jsonl").rename(out / ".lle" / f"journal{ending}.jsonl")
    for index in range(3):  # none of them has an image to make
        done = enhance(folder, "-o", out, "--shard", f"{index}/3")
        assert (done.code, "left alone" in done.err) == (0, False)
    assert not list(out.rglob("journal*"))


def test_a_journal_of_a_shard_is_recovered_by_a_full_run(enhance, make_tree, tmp_path):
    folder, out = make_tree("a.png", "b.png"), tmp_path / "out"
    enhance(folder, "-o", out, "--shard", "0/1")
    (out / ".lle" / "manifest-0-of-1.jsonl").rename(out / ".lle" / "journal-0-of-1.jsonl")
    done = enhance(folder, "-o", out)
    assert (done.code, "2 unchanged" in done.err) == (0, True)


def test_another_division_may_end_while_a_shard_plans(enhance, start, make_tree, tmp_path, monkeypatch):
    out, codes = tmp_path / "out", []
    enhance(make_tree("first.png"), "-o", out)
    folder = make_tree(*(f"{number}.png" for number in range(9)))

    def read_before_it_ends(place):
        entries = read_manifest(place)
        if not codes:
            process = start(folder, "-o", out, "--shard", "0/1")
            process.communicate()
            codes.append(process.returncode)
        return entries

    monkeypatch.setattr("lowlight_cli.pipeline.enhance.read_manifest", read_before_it_ends)
    assert [enhance(folder, "-o", out, "--shard", f"{index}/2").code for index in (0, 1)] == [0, 0]
    assert codes == [0]


def test_a_run_is_dated_when_it_holds_the_folder(enhance, make_tree, tmp_path, monkeypatch):
    """What another run recorded while this one waited is older."""

    @contextmanager
    def hold_late(*arguments):
        with hold(*arguments):
            monkeypatch.setattr("lowlight_cli.pipeline.execute._run_name", lambda: LATE)
            yield

    monkeypatch.setattr("lowlight_cli.pipeline.enhance.hold", hold_late)
    enhance(make_tree("a.png"), "-o", tmp_path / "out")
    assert [entry.run for entry in read_manifest(tmp_path / "out").values()] == [LATE]


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


def test_of_two_divisions_that_start_together_at_most_one_runs(tmp_path, monkeypatch):
    both, holding = Barrier(2), []

    def check_together(folder, shard):
        both.wait(60)
        _check_division(folder, shard)

    def run(count):
        with suppress(LockedError), hold(Plan((), tmp_path, shard=Shard(0, count)), 0.0, print):
            holding.append(count)

    monkeypatch.setattr("lowlight_cli.pipeline.output_folder._check_division", check_together)
    threads = [Thread(target=run, args=(count,)) for count in (2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(holding) <= 1


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
