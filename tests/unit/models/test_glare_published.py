"""What published weights of GLARE do and ours do not: the exact ratio of means, and the authors' padding."""

import math

import numpy as np
import pytest
import torch

from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.checkpoints.save import save_state
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.glare.adaptive_fusion import AdaptiveFusion
from lowlight_cli.models.glare.config import PRESETS, GlareConfig
from lowlight_cli.models.glare.model import Glare, officially_padded
from lowlight_cli.models.interface import FRAME
from lowlight_cli.training.presets import preset_of
from tests.unit.models.test_glare import TINY


@pytest.fixture
def tiny() -> Glare:
    """The published layout with a few channels."""
    return Glare(TINY).eval()


MEAN = 4e-4
"""Nearer to zero than the guard allows."""


def faint_prior(fusion: AdaptiveFusion) -> torch.Tensor:
    """A prior of two images whose features after the convolution have a mean of 4e-4 and of -4e-4."""
    with torch.no_grad():
        fusion.deform.weight.zero_()
        fusion.deform.bias.zero_()
        for channel in range(4):
            fusion.deform.weight[channel, channel, 1, 1] = 1.0
    prior = torch.randn(2, 4, 6, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    prior -= prior.mean((1, 2, 3), keepdim=True)
    # Masks of the first step halve the features.
    return (prior + torch.tensor([2 * MEAN, -2 * MEAN]).view(2, 1, 1, 1)).float()


@torch.no_grad()
@pytest.mark.parametrize("guarded", [False, True])
def test_only_a_guarded_ratio_bounds_a_mean_near_zero(guarded):
    fusion = AdaptiveFusion(4, -1.0, balanced=False, groups=2, guarded=guarded)
    dark, decoded = torch.rand(2, 2, 4, 6, 6).unbind()
    prior = faint_prior(fusion)
    fused = fusion(dark, decoded, prior, 1.0)
    gate = 1 / (1 + math.e)
    mixed = (gate * dark + (1 - gate) * decoded).double()
    found = prior.double() / 2
    least = torch.tensor([1e-3, -1e-3]) if guarded else torch.tensor([MEAN, -MEAN])
    expected = mixed.mean((1, 2, 3)) / least
    torch.testing.assert_close(fused.ratio.double(), expected.double(), rtol=2e-3, atol=0)
    wanted = mixed + found * fused.ratio.double().view(2, 1, 1, 1)
    torch.testing.assert_close(fused.features.double(), wanted, rtol=1e-4, atol=1e-3)


@torch.no_grad()
def test_the_ratio_of_an_image_does_not_depend_on_the_others_of_its_batch():
    fusion = AdaptiveFusion(4, -1.0, balanced=False, groups=2, guarded=False)
    parts = (*torch.rand(2, 2, 4, 6, 6).unbind(), faint_prior(fusion))
    both = fusion(*parts, 1.0)
    for index in range(2):
        alone = fusion(*(part[index : index + 1] for part in parts), 1.0)
        torch.testing.assert_close(both.features[index : index + 1], alone.features, rtol=1e-3, atol=1e-3)


def test_what_trains_is_guarded_and_what_is_published_is_exact():
    assert {name: config.ratio_guard for name, config in PRESETS.items()} == {
        "paper": False, "lite": True, "lite-flow": True
    }  # fmt: skip
    assert {name: config.padding for name, config in PRESETS.items()} == {
        "paper": "official", "lite": "min", "lite-flow": "min"
    }  # fmt: skip
    for recipe in ("glare-flow", "glare-fusion"):
        trained = GlareConfig.model_validate(preset_of(recipe, "paper")["model"])
        assert trained == PRESETS["paper"].model_copy(update={"ratio_guard": True})
    assert [fusion.guarded for fusion in Glare(TINY).fusing.fusions] == [True, True]
    exact = Glare(TINY.model_copy(update={"ratio_guard": False}))
    assert [fusion.guarded for fusion in exact.fusing.fusions] == [False, False]


@pytest.mark.parametrize("size", [(400, 600), (24, 32), (12, 40), (4, 4)], ids=str)
def test_official_padding_is_that_of_the_published_tests(size):
    """NumPy's "reflect", 20 pixels at the left and at the bottom."""
    images = torch.rand(2, 3, *size)
    wanted = np.pad(images.numpy(), [(0, 0), (0, 0), (0, 20), (20, 0)], "reflect")
    assert np.array_equal(officially_padded(images).numpy(), wanted)


def test_official_padding_mirrors_around_the_border_and_does_not_repeat_it():
    images = torch.rand(1, 3, 400, 600)
    made = officially_padded(images)
    assert made.shape == (1, 3, 420, 620)
    assert torch.equal(made[..., :400, 20:], images)
    assert torch.equal(made[..., :400, 19], images[..., 1])
    assert torch.equal(made[..., 400, 20:], images[..., 398, :])


@torch.no_grad()
def test_official_padding_is_cut_off_where_it_was_put(tiny):
    official = Glare(TINY.model_copy(update={"padding": "official"})).eval()
    official.load_state_dict(tiny.state_dict())
    images = torch.rand(2, 3, 24, 32)
    made = official.enhance(images, Controls())
    assert official.size_multiple == tiny.size_multiple == 4
    assert (official.frame, tiny.frame) == (0, FRAME)
    wide = tiny.enhance(officially_padded(images), Controls())
    assert torch.equal(made, wide[..., :24, 20:])
    assert not torch.allclose(made, tiny.enhance(images, Controls()))
    measured = official.observe(images, Controls())
    assert torch.equal(measured["ratio_0"], tiny.observe(officially_padded(images), Controls())["ratio_0"])


@torch.no_grad()
def test_weights_without_the_new_settings_work_as_before(tiny, tmp_path):
    config = TINY.model_dump(mode="json")
    del config["padding"], config["ratio_guard"]
    path = tmp_path / "old.safetensors"
    save_state(path, tiny.state_dict(), {"architecture": "glare", "config": config})
    old = load_enhancer("glare", checkpoint=path)
    assert old.config == TINY
    assert TINY.padding == "min"
    assert TINY.ratio_guard
    images = torch.rand(1, 3, 24, 32)
    # The loaded network is channels last, whose convolutions round differently.
    torch.testing.assert_close(
        old.enhance(images, Controls()), tiny.enhance(images, Controls()), rtol=0, atol=1e-4
    )


def test_official_padding_is_not_for_networks_that_lift():
    with pytest.raises(ValueError, match="lift_target"):
        GlareConfig(lift_target=0.4, padding="official")
