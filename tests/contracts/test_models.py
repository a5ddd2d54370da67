"""What must hold for every model of the catalog, in the size that ships."""

import hashlib
import json
import math

import pytest
import torch
from torch.nn.functional import pad

from lowlight_cli.checkpoints.load import fill, load_weights
from lowlight_cli.checkpoints.locate import shipped_folder
from lowlight_cli.checkpoints.save import save_weights
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.codeenhance.config import PRESETS
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.cost import count_parameters

NAMES = list(MODELS)
SHIPPED = [
    pytest.param(weights, id=weights.file)
    for entry in MODELS.values()
    for weights in (*entry.weights.values(), *entry.stages.values())
    if weights.shipped
]
ODD_SIZES = [(33, 47), (16, 16), (1, 5)]


def test_there_are_models_and_shipped_weights():
    assert {"codeenhance", "identity"} <= set(NAMES)
    assert len(SHIPPED) >= 3


@pytest.mark.parametrize("name", NAMES)
def test_the_catalog_states_the_number_of_parameters(name):
    entry = MODELS[name]
    assert entry.parameters.keys() == entry.presets.keys()
    with torch.device("meta"):
        built = {preset: entry.build(settings) for preset, settings in entry.presets.items()}
    assert entry.parameters == {preset: count_parameters(model) for preset, model in built.items()}


@pytest.mark.parametrize("name", NAMES)
def test_the_catalog_states_which_networks_take_a_reference(name):
    entry = MODELS[name]
    with torch.device("meta"):
        built = [entry.build(settings) for settings in entry.presets.values()]
    assert {model.takes_reference for model in built} == {entry.takes_reference}


@pytest.mark.parametrize("name", NAMES)
def test_weights_that_do_not_ship_have_the_page_of_their_authors_and_a_remedy(name):
    for weights in MODELS[name].weights.values():
        assert weights.shipped == (weights.page is None) == (weights.remedy is None)
        assert weights.shipped or weights.page in weights.remedy


@pytest.fixture(params=NAMES)
def entry(request):
    return MODELS[request.param]


@pytest.fixture
def model(entry, device):
    """The model of the default preset with random weights."""
    return entry.build(entry.presets[entry.default_preset]).eval().to(device)


@pytest.mark.parametrize("size", ODD_SIZES, ids=str)
def test_same_size_comes_out_in_range(model, device, size):
    dark = 0.2 * torch.rand(1, 3, *size, device=device)
    bright = _enhance(model, dark)
    assert bright.shape == dark.shape
    assert bright.isfinite().all()
    assert bright.min() >= 0
    assert bright.max() <= 1


def test_two_pictures_together_are_as_each_alone(model, device):
    dark = 0.2 * torch.rand(2, 3, 32, 48, device=device)
    alone = torch.cat([_enhance(model, dark[:1]), _enhance(model, dark[1:])])
    torch.testing.assert_close(_enhance(model, dark), alone, rtol=1e-4, atol=1e-4)


def test_facts_of_the_whole_picture_give_the_same_picture(model, device):
    side = math.lcm(32, model.size_multiple)
    dark = 0.2 * torch.rand(1, 3, side, side, device=device)
    with torch.inference_mode():
        facts = model.observe(dark, Controls())
        told = model.enhance(dark, Controls(), observation=facts)
        seen = model.enhance(dark, Controls())
    torch.testing.assert_close(told, seen, rtol=1e-4, atol=1e-4)


def test_saved_weights_give_the_same_model(entry, model, tmp_path):
    config = entry.presets[entry.default_preset]
    metadata = {"architecture": entry.name, "config": config.model_dump(mode="json")}
    path = save_weights(tmp_path / "weights.safetensors", model, metadata)
    loaded = load_weights(path)
    again = entry.build(type(config).model_validate(loaded.metadata["config"])).eval()
    fill(again, loaded.state, path)
    assert loaded.metadata["architecture"] == entry.name
    for name, tensor in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor.cpu()), name


def test_settings_survive_json(entry):
    for config in entry.presets.values():
        assert type(config).model_validate_json(json.dumps(config.model_dump(mode="json"))) == config


def test_controls_named_by_the_model_exist(entry):
    assert entry.lacking.keys() <= entry.presets.keys()
    with torch.device("meta"):
        built = {preset: entry.build(settings) for preset, settings in entry.presets.items()}
    for preset, model in built.items():
        assert model.supported_controls <= Controls.model_fields.keys()
        assert model.supported_controls == entry.controls_of(preset)
    assert entry.controls_of(None) == entry.controls_of(entry.default_preset)


def test_parts_are_the_whole_model(model):
    counted = sum(parameter.numel() for part in model.parts().values() for parameter in part.parameters())
    assert counted == sum(parameter.numel() for parameter in model.parameters())


def test_all_presets_of_codeenhance_are_named():
    assert list(MODELS["codeenhance"].presets) == list(PRESETS)


def test_each_default_preset_exists(entry):
    assert entry.default_preset in entry.presets
    assert entry.weights.keys() <= entry.presets.keys()


@pytest.mark.parametrize("weights", SHIPPED)
def test_shipped_weights_are_those_of_the_catalog(weights):
    content = (shipped_folder() / weights.file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == weights.sha256, "run `make weights-sha`"


def _enhance(model, images):
    """Enhances pictures of any size: padded to what the model asks for, and cropped back."""
    height, width = images.shape[2:]
    border = (0, -width % model.size_multiple, 0, -height % model.size_multiple)
    with torch.inference_mode():
        return model.enhance(pad(images, border, mode="replicate"), Controls())[..., :height, :width]
