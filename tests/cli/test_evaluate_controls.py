"""``lle eval``: controls of models are those of ``lle enhance``, or are refused."""

import json

import pytest


@pytest.fixture
def pairs(make_picture, tmp_path, monkeypatch):
    for index, name in enumerate(("low/a.png", "gt/a.png")):
        make_picture(tmp_path / name, seed=index)
    monkeypatch.chdir(tmp_path)
    return "--low", "low", "--gt", "gt", "--metrics", "psnr"


def test_temperature_is_that_of_enhance(run_lle, pairs):
    warm = ("--temperature", "0.5", "--precision", "fp32")
    assert run_lle("enhance", "low", "-o", "made", "-m", "glare", *warm).code == 0
    likeliest = json.loads(run_lle("eval", *pairs, "-m", "glare", "--json").out)
    drawn = json.loads(run_lle("eval", *pairs, "-m", "glare", *warm, "--pred", "made", "--json").out)
    score = drawn["summary"]["psnr"]["mean"]
    assert score == drawn["others"][0]["summary"]["psnr"]["mean"]
    assert score != likeliest["summary"]["psnr"]["mean"]
    assert drawn["model"]["controls"]["temperature"] == 0.5


def test_a_model_without_a_control_is_named_before_anything_is_scored(run_lle, pairs):
    run = run_lle("eval", *pairs, "-m", "glare", "-m", "lw-drgn", "--temperature", "0.3")
    assert (run.code, run.out) == (2, "")
    assert run.err.strip() == (
        "lle: error: model 'lw-drgn' has no control 'temperature'; models that have it: glare"
    )
