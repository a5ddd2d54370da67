"""``lle eval``: options that would act on nothing are refused, and never ignored in silence."""

import pytest


@pytest.fixture
def pairs(make_picture, tmp_path):
    for name in ("low/a.png", "gt/a.png", "pred/a.png"):
        make_picture(tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--contrast", "1.2"), "--contrast"),
        (("--brightness", "0.5", "--strength", "0.5"), "--brightness, --strength"),
        (("--reference", "look.png"), "--reference"),
        (("--temperature", "0.3"), "--temperature"),
    ],
)
@pytest.mark.parametrize("method", [("--pred", "pred"), ("-m", "gamma")])
def test_a_look_without_a_model_is_refused(run_lle, pairs, monkeypatch, options, named, method):
    monkeypatch.chdir(pairs)
    run = run_lle("eval", "--low", "low", "--gt", "gt", *method, *options)
    assert (run.code, run.out) == (2, "")
    assert f"{named} would change nothing" in run.err


def test_saving_what_is_there_already_is_refused(run_lle, pairs, monkeypatch):
    monkeypatch.chdir(pairs)
    run = run_lle("eval", "--pred", "pred", "--gt", "gt", "--save-pred", "saved")
    assert (run.code, run.out) == (2, "")
    assert "--save-pred would save nothing" in run.err


def test_defaults_that_are_typed_are_no_mistake(run_lle, pairs, monkeypatch):
    monkeypatch.chdir(pairs)
    run = run_lle("eval", "--pred", "pred", "--gt", "gt", "--metrics", "psnr", "--contrast", "1")
    assert run.code == 0, run.err
