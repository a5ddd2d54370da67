"""Files that other programs stumble over, all in one folder: what must become of each."""

import contextlib
import hashlib
import io
import os

import pytest

from tests.cli.adverse import CASES, IGNORED
from tests.cli.outcomes import check_counts, digests, events

BY_NAME = {case.name: case for case in CASES}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A folder of all cases, what one run over it said, and where its results are."""
    top = tmp_path_factory.mktemp("corpus")
    folder, out = top / "in", top / "out"
    folder.mkdir()
    for case in CASES:
        (folder / case.name).write_bytes(case.make())
    for name, content in IGNORED.items():
        (folder / name).write_bytes(content)
    before = digests(folder)

    from lowlight_cli.cli.app import main

    told, said = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    words = ["enhance", str(folder), "-o", str(out), "-m", "identity", "--device", "cpu", "--json"]
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(told),
        contextlib.redirect_stderr(said),
    ):
        patch.setenv("XDG_STATE_HOME", str(top / "state"))
        code = main(words)
    texts = [stream.buffer.getvalue().decode() for stream in (told, said)]
    assert code in (0, 3), texts[1]
    return folder, out, before, code, *texts


@pytest.mark.parametrize("name", [case.name for case in CASES], ids=lambda name: ascii(name)[1:41])
def test_each_file_has_its_outcome(corpus, name):
    folder, out, _, _, told, _ = corpus
    case, source = BY_NAME[name], folder / name
    item = events(told)[0][os.fsencode(source)]
    target = out / (case.result or name)
    if case.code is None:
        assert item["status"] == "ok", item
        assert set(item["warn"]) == case.warnings
        assert item["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
        if case.check is not None:
            case.check(source, target)
    else:
        assert (item["status"], item["error"]["code"]) == ("failed", case.code), item
        assert item["error"]["msg"].strip()
        assert "\n" not in item["error"]["msg"]
        assert not target.exists()


def test_all_files_are_accounted_for(corpus):
    folder, out, before, code, told, _ = corpus
    items, end = events(told)
    assert len(items) == len(CASES) > 90
    check_counts(end)
    assert end["ok"] == sum(case.code is None for case in CASES)
    assert end["failed"] == sum(case.code is not None for case in CASES)
    assert end["ignored"] >= 1  # notes.txt; what programs leave behind is passed over
    assert (code, end["exit"]) == (3, 3)
    assert digests(folder) == before
    results = [path for path in out.rglob("*") if path.is_file() and ".lle" not in path.parts]
    assert len(results) == end["ok"]
    assert not list(out.rglob("*lle-tmp*"))


def test_what_is_said_fits_on_lines_without_control_characters(corpus):
    said, told = corpus[-1], corpus[-2]
    assert not [character for character in said if ord(character) < 32 and character != "\n"]
    assert len(said.splitlines()) < len(CASES)
    told.encode("utf-8")
    failures = [line for line in said.splitlines() if line.startswith("failed")]
    assert len(failures) == sum(case.code is not None for case in CASES)


def test_a_second_run_makes_nothing_and_tries_failures_again(corpus, run_lle):
    folder, out, before, _, _, _ = corpus
    results = digests(out)
    words = ("enhance", folder, "-o", out, "-m", "identity", "--device", "cpu", "--json")
    end = events(run_lle(*words, "--retry-failed", "always").out)[1]
    check_counts(end)
    assert end["ok"] == 0
    assert end["skipped"] == sum(case.code is None for case in CASES)
    assert end["failed"] == sum(case.code is not None for case in CASES)
    assert {path: digest for path, digest in digests(out).items() if ".lle" not in path.parts} == {
        path: digest for path, digest in results.items() if ".lle" not in path.parts
    }
    assert digests(folder) == before
