"""The network of stage I that later stages start from."""

import pytest
import torch

from lowlight_cli.checkpoints.save import save_weights
from lowlight_cli.errors import WeightsError
from lowlight_cli.models.vqgan.model import Vqgan
from lowlight_cli.training.warm_start import copy_matching_weights, load_stage_one, start_from
from tests.contracts.narrow_recipes import NARROW_CODEENHANCE
from tests.contracts.narrow_recipes import NARROW_VQGAN as NARROW


def test_it_has_the_weights_of_the_file(tmp_path):
    trained = Vqgan(NARROW)
    path = save_weights(tmp_path / "vqgan.safetensors", trained, {"architecture": "vqgan"})
    for name, value in load_stage_one(NARROW, path).state_dict().items():
        assert torch.equal(value, trained.state_dict()[name]), name


def test_a_file_of_another_shape_is_named_with_what_differs(tmp_path):
    path = save_weights(tmp_path / "vqgan.safetensors", Vqgan(NARROW), {"architecture": "vqgan"})
    wider = NARROW.model_copy(update={"code_count": 16})
    with pytest.raises(WeightsError, match=r"vqgan\.safetensors .* of another shape \(codebook\.weight\)"):
        load_stage_one(wider, path)


def test_a_weight_of_stage_one_that_has_no_place_is_named():
    model, prior = start_from(NARROW_CODEENHANCE, None, None)
    prior.encoder.extra = torch.nn.Linear(1, 1)
    with pytest.raises(WeightsError, match=r"encoder\.extra\.weight, encoder\.extra\.bias"):
        copy_matching_weights(model, prior)
