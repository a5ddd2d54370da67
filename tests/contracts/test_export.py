"""Every model becomes a graph that computes what it computes, or is known not to."""

import pytest
import torch

from lowlight_cli.checkpoints.export import FORMS, export_enhancer
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.controls import Controls


def random_weights(name: str) -> torch.nn.Module:
    """The small model, with no weight at zero that would hide what comes before it."""
    model = MODELS[name].build(MODELS[name].presets["lite"]).eval().requires_grad_(requires_grad=False)
    for parameter in model.parameters():
        if parameter.ndim > 1 and not parameter.any():
            torch.nn.init.normal_(parameter, std=0.02)
    return model


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [pytest.param("codeenhance", marks=pytest.mark.slow)])
def test_a_graph_of_tiles_makes_what_the_model_makes_of_tiles(name, form, tmp_path):
    target = tmp_path / f"tiles.{form}"
    model = random_weights(name)
    done = export_enhancer(model, Controls(), form, target, {"model": name}, takes_tiles=True)
    assert done.difference <= 1e-3


CASES = [
    pytest.param(name, form, marks=() if (name, form) == ("identity", "pt2") else pytest.mark.slow)
    for name in MODELS
    for form in FORMS
]


@pytest.mark.parametrize(("name", "form"), CASES)
def test_a_model_becomes_a_graph(name, form, tmp_path):
    if form == "onnx":
        pytest.importorskip("onnxscript")
        pytest.importorskip("onnxruntime")
    target = tmp_path / f"{name}.{form}"
    done = export_enhancer(random_weights(name), Controls(), form, target, {"model": name})
    assert done.difference <= 1e-3
    assert target.stat().st_size > 0
