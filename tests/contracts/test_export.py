"""Every model becomes a graph that computes what it computes, or is known not to."""

import pytest
import torch

from lowlight_cli.checkpoints.export import FORMS, export_enhancer
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import PLACE
from tests.contracts.narrow_models import Case, altered, narrow_model, narrowed
from tests.lift_alone import LiftAlone


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
    if form == "onnx":
        pytest.importorskip("onnxscript")
        pytest.importorskip("onnxruntime")
    target = tmp_path / f"tiles.{form}"
    model = random_weights(name)
    done = export_enhancer(model, Controls(), form, target, {"model": name}, takes_tiles=True)
    assert done.difference <= 1e-3


def test_a_graph_of_tiles_takes_tiles_of_any_origin(tmp_path):
    model = LiftAlone().eval()
    target = tmp_path / "tiles.pt2"
    export_enhancer(model, Controls(), "pt2", target, {}, takes_tiles=True)
    graph = torch.export.load(target).module()
    whole, tile = 0.2 * torch.rand(3, 3, 80, 96), 0.2 * torch.rand(3, 3, 48, 64)
    place = torch.tensor([[0.1, 0.2, 0.6, 0.5]]).repeat(3, 1)
    facts = model.observe(whole, Controls()) | {PLACE: place}
    torch.testing.assert_close(graph(tile, whole, place), model.enhance(tile, Controls(), observation=facts))


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


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.slow
@pytest.mark.parametrize("padding", ["official", "min"])
def test_glare_becomes_a_graph_with_either_padding(padding, form, tmp_path):
    if form == "onnx":
        pytest.importorskip("onnxscript")
        pytest.importorskip("onnxruntime")
    config = altered(narrowed(MODELS["glare"].presets["paper"]), padding=padding, flow__levels=1)
    model = narrow_model(Case("glare", config))
    done = export_enhancer(model, Controls(), form, tmp_path / f"glare.{form}", {"model": "glare"})
    assert done.difference <= 1e-3
    assert done.size_multiple == 4
