"""The shipped weights of three models have the codes of the stage I that ships: they can be trained on."""

import pytest
import torch

from lowlight_cli.checkpoints.load import load_weights
from lowlight_cli.checkpoints.locate import find_weights
from lowlight_cli.models.catalog import MODELS


def state_of(entry):
    return load_weights(find_weights(entry)).state


@pytest.fixture(scope="module")
def stage_one():
    return state_of(MODELS["codeenhance"].stages["vqgan"])


@pytest.mark.parametrize("name", ["codeenhance", "vqcnir", "glare"])
def test_codes_and_the_coarse_decoder_are_those_of_stage_one(stage_one, name):
    state = state_of(MODELS[name].weights["lite"])
    parts = ("codebook.weight", "post_quant.", "decoder.stages.0.", "decoder.stages.1.")
    shared = [key for key in stage_one if key.startswith(parts)]
    assert len(shared) > 10
    for key in shared:
        assert torch.equal(state[key], stage_one[key]), key


def test_references_are_read_by_the_encoder_of_stage_one(stage_one):
    state = state_of(MODELS["codeenhance"].weights["lite"])
    encoder = {key: value for key, value in stage_one.items() if key.startswith("encoder.")}
    assert encoder
    for key, value in encoder.items():
        assert torch.equal(state[f"reference_{key}"], value), key
