"""The weights of GLARE that ship do what the program says of them."""

import numpy as np
import pytest
import torch

from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.images.tiling import Tile
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.glare.model import Glare
from lowlight_cli.pipeline.observations import placed
from tests.trained.test_shipped import detail, night_pictures

TEXTURES = (0.0, 1.0, 2.0)


@pytest.fixture(scope="module")
def model() -> Glare:
    return load_enhancer("glare")


def test_dark_pictures_become_bright_and_stay_finite(model, root):
    for picture in night_pictures(root)[:4]:
        made = model.enhance(picture, Controls())
        assert torch.isfinite(made).all()
        assert made.mean() > 1.3 * picture.mean()


def test_texture_is_more_detail(model, root):
    rows = [
        [detail(model.enhance(picture, Controls(texture=step))) for step in TEXTURES]
        for picture in night_pictures(root)[:3]
    ]
    means = np.array(rows).mean(0)
    assert (np.diff(means) > 0).all(), means
    assert means[-1] / means[0] > 1.1, means


def test_there_is_no_flow_and_so_nothing_to_draw(model, root):
    conditions = model.read_conditions(night_pictures(root)[1], {})
    latent = model.retrieve(conditions)
    assert not list(model.flow.parameters())
    assert torch.equal(model.retrieve(conditions, 1.0), latent)
    assert model.supported_controls == {"texture"}


def test_a_picture_takes_many_codes(model, root):
    conditions = model.read_conditions(night_pictures(root)[1], {})
    assert len(model.codebook.nearest(model.retrieve(conditions)).unique()) > 50


def test_tiles_with_the_facts_of_the_whole_agree_with_the_whole(model, root):
    picture = night_pictures(root)[1]
    whole = model.enhance(picture, Controls())
    facts = model.observe(picture, Controls())
    known = placed(facts, Tile(0, 0, picture.shape[2], 192), *picture.shape[2:])
    left = model.enhance(picture[..., :192], Controls(), observation=known)
    inside = slice(0, 144)
    error = (left[..., inside] - whole[..., inside]).square().mean()
    assert -10 * error.log10() > 40


@pytest.mark.parametrize("value", [0.0, 0.02, 0.5, 1.0])
def test_constant_pictures_give_finite_and_flat_results(model, value):
    made = model.enhance(torch.full((1, 3, 64, 96), value), Controls())
    assert torch.isfinite(made).all()
    assert made[..., 16:-16, 16:-16].std(dim=(2, 3)).max() < 0.05
