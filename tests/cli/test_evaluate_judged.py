"""``lle eval``: limits and summaries are about a real method, not about a classic one beside it."""

import json

import pytest

METRICS = ("--metrics", "psnr")


@pytest.fixture
def pairs(make_picture, tmp_path, monkeypatch):
    """Two pairs, and results in ``good`` that equal the references."""
    for index in range(2):
        make_picture(tmp_path / "low" / f"{index}.png", seed=index)
        make_picture(tmp_path / "gt" / f"{index}.png", seed=50 + index)
        make_picture(tmp_path / "good" / f"{index}.png", seed=50 + index)
    monkeypatch.chdir(tmp_path)
    return "eval", "--low", "low", "--gt", "gt", *METRICS


@pytest.mark.parametrize("more", [("-m", "input"), ("-m", "gamma", "-m", "input"), ()], ids=str)
def test_a_row_to_compare_with_does_not_change_the_limit(run_lle, pairs, more):
    assert run_lle(*pairs, "--pred", "good", *more, "--fail-under", "psnr=18").code == 0
    run = run_lle(*pairs, "--pred", "bad=low", *more, "--fail-under", "psnr=90")
    assert run.code == 10
    assert "lle: error: limit passed: psnr of bad is" in run.err


def test_classic_methods_alone_are_judged_by_the_first(run_lle, pairs):
    run = run_lle(*pairs, "-m", "input", "-m", "gamma", "--fail-under", "psnr=90")
    assert run.code == 10
    assert "psnr of input" in run.err


def test_the_summary_and_the_extremes_are_of_that_method(run_lle, pairs):
    words = (*pairs, "-m", "input", "--pred", "good")
    document = json.loads(run_lle(*words, "--json").out)
    assert (document["method"], document["others"][0]["method"]) == ("good", "input")
    table = run_lle(*words).out
    assert "worst PSNR of good" in table
    assert table.index("│ input") < table.index("│ good")


def test_methods_that_no_limit_applies_to_are_named(run_lle, pairs):
    words = (*pairs, "-m", "input", "-m", "identity", "--pred", "good")
    run = run_lle(*words, "--fail-under", "psnr=1")
    assert run.code == 0
    assert "lle: warning: the limits apply to identity alone, not to good\n" in run.err
    assert "the limits apply" not in run_lle(*words).err


def test_names_that_never_pair_give_a_hint(run_lle, pairs, make_picture, tmp_path):
    for index in (56, 58):
        make_picture(tmp_path / "Low" / f"low000{index}.png", seed=index)
        make_picture(tmp_path / "Normal" / f"normal000{index}.png", seed=index)
    words = ("eval", "--low", "Low", "--gt", "Normal", "-m", "input", "-m", "gamma", *METRICS)
    run = run_lle(*words)
    assert run.code == 4
    assert run.err.count("lle: warning: no image has the name of a reference") == 1
    assert "--pair-by order, or use --dataset" in run.err
    assert run_lle(*words, "--pair-by", "order").code == 0
    (tmp_path / "Low/low00056.png").unlink()
    err = run_lle(*words).err
    assert "--dataset" in err
    assert "--pair-by" not in err


def test_the_hint_for_a_dataset_does_not_name_the_option_that_is_there(run_lle, make_picture, tmp_path):
    make_picture(tmp_path / "LOL/eval15/low/a.png")
    make_picture(tmp_path / "LOL/eval15/high/b.png")
    run = run_lle("eval", "--dataset", "LOL", "--data-root", tmp_path, "-m", "input", *METRICS)
    assert run.code == 4
    assert "no image has the name of a reference; give them equal names, or pair" in run.err


def test_some_names_that_pair_give_no_hint(run_lle, pairs, tmp_path):
    (tmp_path / "low/1.png").rename(tmp_path / "low/other.png")
    run = run_lle(*pairs, "-m", "input")
    assert run.code == 3
    assert "no image has the name" not in run.err


def test_a_dataset_without_references_is_not_told_to_use_gt(run_lle, tmp_path):
    run = run_lle("eval", "--dataset", "ExDark", "--data-root", tmp_path, *METRICS)
    assert (run.code, run.out) == (2, "")
    assert "psnr: needs references, and ExDark has none; use a metric that needs none: niqe" in run.err
    assert "--gt" not in run.err
