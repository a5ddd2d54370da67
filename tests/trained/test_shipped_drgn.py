"""The weights of DRGN that ship: dark pictures become bright, keep their structure, and agree by tiles."""

import pytest
import torch

from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.images.tiling import Tile
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.drgn.model import Drgn
from lowlight_cli.pipeline.observations import placed
from tests.trained.test_shipped import night_pictures


@pytest.fixture(scope="module", params=["lw-drgn", "drgn"])
def model(request) -> Drgn:
    return load_enhancer(request.param)


def test_dark_pictures_become_bright_and_keep_their_structure(model, root):
    for picture in night_pictures(root)[:3]:
        small = picture[..., :96, :128]
        made = model.enhance(small, Controls())
        assert made.mean() > 1.2 * small.mean()
        before, after = (images.mean(1).flatten() for images in (small.sqrt(), made))
        assert torch.corrcoef(torch.stack([before, after]))[0, 1] > 0.8


def test_the_degradation_is_flat_and_dark(model, root):
    degradation = model.separate(night_pictures(root)[0][..., :96, :128], {}).degradation
    assert degradation.mean() < -0.02
    assert degradation.std((2, 3)).max() < 0.1


def test_tiles_with_the_facts_of_the_whole_agree_with_the_whole(root):
    model = load_enhancer("lw-drgn")
    picture = night_pictures(root)[1]
    whole = model.enhance(picture, Controls())
    facts = model.observe(picture, Controls())
    known = placed(facts, Tile(0, 0, picture.shape[2], 192), *picture.shape[2:])
    left = model.enhance(picture[..., :192], Controls(), observation=known)
    error = (left[..., :144] - whole[..., :144]).square().mean()
    assert -10 * error.log10() > 40
