"""``lle eval``: controls of models are those of ``lle enhance``, or are refused."""

import json

import pytest

from lowlight_cli.checkpoints.save import save_state
from lowlight_cli.models.catalog import MODELS
from tests.contracts.narrow_models import Case, altered, narrow_model, narrowed


@pytest.fixture
def pairs(make_picture, tmp_path, monkeypatch):
    for index, name in enumerate(("low/a.png", "gt/a.png")):
        make_picture(tmp_path / name, seed=index)
    monkeypatch.chdir(tmp_path)
    return "--low", "low", "--gt", "gt", "--metrics", "psnr"


def stored(name, **changes):
    """Random weights of a narrow GLARE, in a file."""
    config = altered(narrowed(MODELS["glare"].presets["lite-flow"]), **changes)
    state = narrow_model(Case("glare", config)).state_dict()
    return save_state(name, state, {"architecture": "glare", "config": config.model_dump(mode="json")})


def test_temperature_is_that_of_enhance(run_lle, pairs, tmp_path):
    weights = stored(tmp_path / "flow.safetensors")
    warm = ("--temperature", "1", "--precision", "fp32", "--device", "cpu")
    own = ("-m", "glare", "--checkpoint", weights)
    assert run_lle("enhance", "low", "-o", "made", *own, *warm).code == 0
    likeliest = json.loads(run_lle("eval", *pairs, *own, "--device", "cpu", "--json").out)
    drawn = json.loads(run_lle("eval", *pairs, *own, *warm, "--pred", "made", "--json").out)
    score = drawn["summary"]["psnr"]["mean"]
    assert score == drawn["others"][0]["summary"]["psnr"]["mean"]
    assert score != likeliest["summary"]["psnr"]["mean"]
    assert drawn["model"]["controls"]["temperature"] == 1


def test_a_model_without_a_control_is_named_before_anything_is_scored(run_lle, pairs):
    run = run_lle("eval", *pairs, "-m", "glare:lite-flow", "-m", "lw-drgn", "--temperature", "0.3")
    assert (run.code, run.out) == (2, "")
    assert run.err.strip() == (
        "lle: error: model 'lw-drgn' has no control 'temperature'; "
        "models that have it: glare --preset paper or lite-flow"
    )


@pytest.mark.parametrize("words", [
    ("enhance", "low", "-o", "made", "-m", "glare"),
    ("eval", "--low", "low", "--gt", "gt", "-m", "glare"),
    ("try", "low/a.png", "-o", "sheet.png", "-m", "glare"),
], ids=lambda words: words[0])  # fmt: skip
def test_glare_without_a_flow_has_no_temperature(words, run_lle, pairs, tmp_path):
    run = run_lle(*words, "--temperature", "0.3")
    assert (run.code, run.out) == (2, "")
    assert "preset 'lite' of model 'glare' has no control 'temperature'" in run.err
    weights = stored(tmp_path / "plain.safetensors", flow__levels=0)
    own = run_lle(*words, "--checkpoint", weights, "--temperature", "0.3", "--device", "cpu")
    assert own.code == 2
    assert "plain.safetensors has no control 'temperature'" in own.err


def test_a_preset_without_weights_is_refused_with_what_to_do(run_lle, pairs):
    run = run_lle("enhance", "low", "-o", "made", "-m", "glare", "--preset", "lite-flow")
    assert (run.code, run.out) == (6, "")
    assert "glare-lite-flow.safetensors" in run.err
    assert "train them with `lle train glare` and give them with --checkpoint" in run.err
