"""``lle datasets``: list, info, check."""

import json

import pytest
from PIL import Image


@pytest.fixture
def lol(make_picture, tmp_path):
    """A data root with three pairs of LOL, which are not enough."""
    root = tmp_path / "data"
    for index in range(3):
        make_picture(root / "LOLdataset" / "eval15" / "low" / f"{index}.png", seed=index)
        make_picture(root / "LOLdataset" / "eval15" / "high" / f"{index}.png", seed=10 + index)
    return root


def test_list_says_what_is_here(run_lle, lol):
    run = run_lle("datasets", "list", "--data-root", lol)
    assert (run.code, run.err) == (0, "")
    rows = {line.split()[0]: line for line in run.out.splitlines()}
    assert len(rows) == 23
    assert "eval15" in rows["LOL"]
    assert rows["DICM"].endswith("-")


def test_list_as_json(run_lle, lol):
    rows = json.loads(run_lle("datasets", "list", "--data-root", lol, "--json").out)
    assert {row["name"]: row["path"] for row in rows}["VV"] is None
    assert rows[0]["splits"]["test"]["sizes"] == [15]


def test_info_shows_licence_and_folders(run_lle):
    run = run_lle("datasets", "info", "lol-v2-real")
    assert run.code == 0
    assert "not stated" in run.out
    assert "LOLv2/Real_captured/Test/{Low,Normal}/" in run.out
    assert json.loads(run_lle("datasets", "info", "LOL", "--json").out)["paired"] is True


def test_check_of_a_whole_set_remarks_on_its_size(run_lle, lol):
    run = run_lle("datasets", "check", "LOL", "--data-root", lol)
    assert run.code == 0, run.err
    assert "3 images found, 15 expected" in run.err
    assert "6 of 48x32" in run.out


def test_check_names_everything_that_is_wrong(run_lle, lol, make_picture):
    low, high = (lol / "LOLdataset" / "eval15" / side for side in ("low", "high"))
    (low / "0.png").unlink()
    make_picture(low / "9.png", seed=9)
    (low / "1.png").write_bytes(b"no picture")
    Image.open(high / "2.png").resize((20, 20)).save(high / "2.png")
    make_picture(low / "8.png", seed=8)
    (high / "8.png").write_bytes((low / "8.png").read_bytes())
    run = run_lle("datasets", "check", "--low", low, "--gt", high, "--json")
    assert run.code == 3
    report = json.loads(run.out)
    problems = {(problem["code"], problem["path"].rsplit("/", 2)[-2:][0]) for problem in report["problems"]}
    assert problems == {("missing", "high"), ("extra", "low"), ("unreadable", "low"), ("size", "low")}
    assert [problem["code"] for problem in report["repeats"]] == ["duplicate"]
    assert report["pairs"] == 1
    for name in ("high/0.png", "low/9.png", "low/1.png", "low/2.png", "48x32, but its reference is 20x20"):
        assert name in run.err


def test_a_set_that_is_not_here_ends_with_code_6(run_lle, tmp_path):
    run = run_lle("datasets", "check", "NPE", "--data-root", tmp_path)
    assert (run.code, run.out) == (6, "")
    assert "NPE/  8 images" in run.err


@pytest.mark.parametrize("words", [[], ["LOL", "--low", "."]], ids=["nothing", "both"])
def test_check_needs_a_name_or_a_folder(run_lle, words):
    assert run_lle("datasets", "check", *words).code == 2
