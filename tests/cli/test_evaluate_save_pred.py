"""``lle eval --save-pred``: its own results are renewed, and files of others are never replaced."""

import json

import pytest
from PIL import Image

EVAL = ("eval", "--low", "low", "--gt", "gt", "--metrics", "psnr", "-q", "--json")


@pytest.fixture
def pairs(make_picture, tmp_path, monkeypatch):
    for index, name in enumerate(("a", "sub/b")):
        make_picture(tmp_path / "low" / f"{name}.png", seed=index)
        make_picture(tmp_path / "gt" / f"{name}.png", seed=50 + index)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("methods", [("gamma",), ("gamma", "clahe")], ids=" ".join)
def test_the_same_command_can_be_run_again(run_lle, pairs, methods):
    words = (*EVAL, *(word for name in methods for word in ("-m", name)), "--save-pred", "kept")
    first = run_lle(*words)
    kept = contents(pairs / "kept")
    again = run_lle(*words)
    assert (first.code, again.code, again.err) == (0, 0, "")
    assert contents(pairs / "kept") == kept
    assert len(kept) == 2 * len(methods) + 1


def test_changed_results_replace_those_that_an_earlier_run_wrote(run_lle, pairs):
    words = (*EVAL, "-m", "gamma", "--save-pred", "kept")
    assert run_lle(*words).code == 0
    before = (pairs / "kept/a.png").read_bytes()
    Image.new("RGB", (48, 32), (9, 9, 9)).save(pairs / "low/a.png")
    assert run_lle(*words).code == 0
    assert (pairs / "kept/a.png").read_bytes() != before
    assert run_lle(*words).code == 0


def foreign(kept):
    (kept / "sub").mkdir(parents=True)
    (kept / "a.png").write_bytes(b"mine")
    (kept / "sub/b.png").write_bytes(b"mine, too")


def link(kept):
    kept.mkdir()
    (kept / "a.png").symlink_to("nowhere.png")


@pytest.mark.parametrize(("prepare", "more"), [(foreign, " and 1 more"), (link, "")])
def test_files_of_others_are_refused_before_any_work(run_lle, pairs, prepare, more):
    prepare(pairs / "kept")
    before = contents(pairs)
    run = run_lle(*EVAL, "-m", "gamma", "--save-pred", "kept")
    assert (run.code, run.out) == (2, "")
    assert (
        f"--save-pred 'kept': would replace 'kept/a.png'{more}, not written by lle eval for gamma" in run.err
    )
    assert "choose another folder, or remove " in run.err
    assert run.err.count("\n") == 1
    assert contents(pairs) == before


def test_results_that_were_changed_since_are_refused(run_lle, pairs):
    words = (*EVAL, "-m", "gamma", "--save-pred", "kept")
    assert run_lle(*words).code == 0
    (pairs / "kept/a.png").write_bytes(b"edited")
    assert run_lle(*words).code == 2
    assert (pairs / "kept/a.png").read_bytes() == b"edited"
    assert run_lle(*words, "--limit", 1).code == 2
    (pairs / "kept/a.png").unlink()
    assert run_lle(*words).code == 0


def test_results_of_another_method_are_refused(run_lle, pairs):
    assert run_lle(*EVAL, "-m", "gamma", "--save-pred", "kept").code == 0
    before = contents(pairs / "kept")
    run = run_lle(*EVAL, "-m", "clahe", "--save-pred", "kept")
    assert run.code == 2
    assert "not written by lle eval for clahe" in run.err
    assert contents(pairs / "kept") == before


def test_other_files_beside_the_results_do_not_matter(run_lle, pairs):
    (pairs / "kept").mkdir()
    (pairs / "kept/notes.png").write_bytes(b"mine")
    assert run_lle(*EVAL, "-m", "gamma", "--save-pred", "kept").code == 0
    assert (pairs / "kept/notes.png").read_bytes() == b"mine"


def test_a_record_that_was_cut_short_holds_for_its_whole_lines(run_lle, pairs):
    words = (*EVAL, "-m", "gamma", "--save-pred", "kept")
    assert run_lle(*words).code == 0
    record = pairs / "kept/.lle/eval.jsonl"
    lines = record.read_text().splitlines()
    record.write_text(f"{lines[0]}\n{lines[1][:20]}")
    assert "sub/b.png" in run_lle(*words).err
    (pairs / "kept/sub/b.png").unlink()
    assert run_lle(*words).code == 0
    assert json.loads(record.read_text().splitlines()[-1]) == json.loads(lines[1])


def test_a_record_that_cannot_be_read_or_written_is_one_line(run_lle, pairs):
    (pairs / "kept/.lle/eval.jsonl").mkdir(parents=True)
    run = run_lle(*EVAL, "-m", "gamma", "--save-pred", "kept")
    assert (run.code, run.out) == (8, "")
    assert "cannot read 'kept/.lle/eval.jsonl'" in run.err
    (pairs / "other").mkdir()
    (pairs / "other/.lle").write_text("a file")
    run = run_lle(*EVAL, "-m", "gamma", "--save-pred", "other")
    assert run.code == 4
    assert not (pairs / "other/a.png").exists()
