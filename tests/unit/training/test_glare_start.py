"""Stage III of GLARE starts from weights of its own stage I, or trains on no latents of another."""

import pytest
import torch

from lowlight_cli.checkpoints.save import save_state
from lowlight_cli.errors import WeightsError
from lowlight_cli.models.glare.model import Glare
from lowlight_cli.models.vqgan.model import Vqgan
from lowlight_cli.training.glare import start_glare
from tests.unit.models.test_glare import TINY


@pytest.fixture
def stage_one(tmp_path):
    """Weights of two stage I networks with other codes."""
    return [
        save_state(tmp_path / f"{seed}.safetensors", made(seed), {"architecture": "vqgan"}) for seed in (0, 1)
    ]


def made(seed):
    torch.manual_seed(seed)
    return Vqgan(TINY.vqgan).state_dict()


@pytest.fixture
def start(stage_one, tmp_path):
    """Weights that were trained from the first one, rounded to 16 bits."""
    model = start_glare(TINY, stage_one[0], None)[0]
    path = tmp_path / "glare.safetensors"
    return save_state(path, model.state_dict(), {"architecture": "glare"}, half_precision=True)


def test_the_codes_of_its_own_stage_one_are_known_again_in_16_bits(stage_one, start):
    model, prior = start_glare(TINY, stage_one[0], start)
    assert isinstance(model, Glare)
    torch.testing.assert_close(model.codebook.codes, prior.codebook.codes, rtol=1e-2, atol=1e-3)


def test_another_stage_one_is_refused_unless_nothing_is_trained_on_its_latents(stage_one, start):
    with pytest.raises(WeightsError, match=r"codes of another stage I: give it with --vqgan; .*joint=false"):
        start_glare(TINY, stage_one[1], start)
    start_glare(TINY, stage_one[1], start, has_targets=False)
