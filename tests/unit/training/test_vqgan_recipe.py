"""Stage I takes LPIPS where its weights are given, and only then."""

import pytest
import torch

from lowlight_cli.errors import SettingsError
from lowlight_cli.losses.learned_perceptual import LearnedPerceptual
from lowlight_cli.training.recipes.vqgan import VqganRecipe, perceptual_loss, picture_loss

CPU = torch.device("cpu")


def test_without_a_weight_there_is_no_lpips():
    assert perceptual_loss(VqganRecipe(), CPU) is None
    images = torch.rand(1, 3, 32, 32)
    assert "perceptual" not in picture_loss(VqganRecipe(), None, images, images)


def test_a_weight_without_files_is_refused():
    with pytest.raises(SettingsError, match="lpips_heads"):
        perceptual_loss(VqganRecipe(perceptual_weight=1.0), CPU)


def test_lpips_is_read_and_weighted(tmp_path):
    whole = LearnedPerceptual().state_dict()
    backbone = {key: value for key, value in whole.items() if key.startswith("features.")}
    heads = {key: value.abs() for key, value in whole.items() if key not in backbone}
    torch.save(backbone, tmp_path / "vgg.pth")
    torch.save(heads, tmp_path / "heads.pth")
    recipe = VqganRecipe(
        perceptual_weight=0.5, lpips_backbone=tmp_path / "vgg.pth", lpips_heads=tmp_path / "heads.pth"
    )
    perceive = perceptual_loss(recipe, CPU)
    made, images = torch.rand(2, 1, 3, 32, 32)
    found = picture_loss(recipe, perceive, made, images)["perceptual"]
    torch.testing.assert_close(found, 0.5 * perceive(made, images))
    assert found > 0
    assert not any(parameter.requires_grad for parameter in perceive.parameters())
