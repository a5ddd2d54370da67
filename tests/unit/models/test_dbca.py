"""The exchange between the decoders of VQCNIR: how far its offsets reach, and the network without it."""

import pytest
import torch
from pydantic import ValidationError

from lowlight_cli.models.controls import Controls
from lowlight_cli.models.vqcnir.config import PRESETS, VqcnirConfig
from lowlight_cli.models.vqcnir.model import Vqcnir
from lowlight_cli.models.vqcnir.warping import Warp
from tests.unit.models.test_vqcnir import NARROW


def test_each_level_has_its_reach_and_the_published_network_has_none() -> None:
    with torch.device("meta"):
        published = Vqcnir(PRESETS["paper"])
    lite = Vqcnir(PRESETS["lite"])
    assert [level.warp.dcn.reach for level in lite.faithful.levels] == [6.0, 8.0, 12.0, 16.0]
    assert [level.warp.dcn.reach for level in published.faithful.levels] == [None] * 4
    same = PRESETS["lite"].model_copy(update={"reach": 5.0})
    assert [same.reach_of(index) for index in range(4)] == [5.0] * 4
    with pytest.raises(ValidationError, match="one reach per level"):
        VqcnirConfig(reach=(6.0, 8.0))


def test_offsets_stop_at_the_reach_of_their_level() -> None:
    own, prior = torch.zeros(1, 16, 16, 96), torch.zeros(1, 16, 16, 96)
    own[..., 48] = 1.0
    seen = {}
    for reach in (2.0, 12.0):
        warp = Warp(0, NARROW.model_copy(update={"reach": (reach, 1.0, 1.0, 1.0)}))
        torch.nn.init.constant_(warp.dcn.weight, 1.0)
        torch.nn.init.constant_(warp.dcn.predict.bias, 1000.0)
        columns = warp(own, prior, None).features.abs().amax((0, 1, 2)).nonzero().flatten()
        seen[reach] = 48 - int(columns.min())
    assert seen == {2.0: 3, 12.0: 13}  # a tap is one position further


def test_without_dbca_there_is_neither_attention_nor_warp() -> None:
    torch.manual_seed(0)
    model = Vqcnir(NARROW.model_copy(update={"dbca": False})).eval()
    assert not [name for name in model.state_dict() if ".attn." in name or ".warp." in name]
    images = torch.rand(2, 3, 32, 40)
    facts = model.observe(images, Controls())
    assert not [name for name in facts if name.startswith("attention")]
    made = model.enhance(images, Controls(), observation=facts)
    assert made.shape == images.shape
    # Features of the first decoder still reach the second one, through the residual blocks.
    with torch.no_grad():
        before = model(images, 2.0).images - model(images, 1.0).images
        model.decoder.stages[0].register_forward_hook(lambda _, __, features: features + 1)
        after = model(images, 2.0).images - model(images, 1.0).images
    assert (before - after).abs().max() > 1e-3
