"""Stage I takes LPIPS where its weights are given, and only then."""

import json

import pytest
import torch
from safetensors.torch import load_file

from lowlight_cli.errors import SettingsError
from lowlight_cli.losses.learned_perceptual import LearnedPerceptual
from lowlight_cli.losses.semantic_guide import SemanticGuide
from lowlight_cli.models.vqgan.model import Rebuilt
from lowlight_cli.training.config import DataSettings, RunSettings
from lowlight_cli.training.recipes.vqgan import (
    VqganRecipe,
    image_loss_terms,
    perceptual_loss,
    run,
    semantic_guide,
    semantic_loss,
)
from lowlight_cli.training.run_folder import RunFolder

CPU = torch.device("cpu")


def test_without_a_weight_there_is_no_lpips():
    assert perceptual_loss(VqganRecipe(), CPU) is None
    images = torch.rand(1, 3, 32, 32)
    assert "perceptual" not in image_loss_terms(VqganRecipe(), None, images, images)


def test_a_weight_without_files_is_refused():
    with pytest.raises(SettingsError, match="lpips_backbone"):
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
    found = image_loss_terms(recipe, perceive, made, images)["perceptual"]
    torch.testing.assert_close(found, 0.5 * perceive(made, images))
    assert found > 0
    assert not any(parameter.requires_grad for parameter in perceive.parameters())


def test_the_semantic_loss_needs_its_file():
    assert semantic_guide(VqganRecipe(), CPU) is None
    with pytest.raises(SettingsError, match="vgg19"):
        semantic_guide(VqganRecipe(semantic_weight=0.1), CPU)


def test_the_semantic_loss_teaches_the_encoder_and_leaves_the_codes():
    torch.manual_seed(0)
    recipe = VqganRecipe(semantic_weight=0.5)
    guide = SemanticGuide(recipe.model.code_channels, recipe.model.downscale)
    images = torch.rand(1, 3, 32, 32)
    latent, codes = torch.randn(2, 1, recipe.model.code_channels, 4, 4).unbind()
    rebuilt = Rebuilt(images, latent.requires_grad_(), codes.requires_grad_(), torch.zeros(1, 4, 4).long())
    loss = semantic_loss(recipe, guide, rebuilt, images)["semantic"]
    torch.testing.assert_close(loss, 0.5 * guide(codes, images))
    loss.backward()
    assert latent.grad.abs().sum() > 0
    assert codes.grad is None


@pytest.mark.slow
def test_a_run_with_the_semantic_loss_goes_on_where_it_stopped(tmp_path, make_picture):
    make_picture(tmp_path / "photos" / "a.png", (72, 70))
    state = SemanticGuide(4, 8).vgg.state_dict()
    torch.save({f"features.{key}": value for key, value in state.items()}, tmp_path / "vgg19.pth")
    recipe = VqganRecipe(
        semantic_weight=0.1,
        vgg19=tmp_path / "vgg19.pth",
        codes_from=0,
        critic_from=9,
        data=DataSettings(photos=(tmp_path / "photos",)),
        run=RunSettings(steps=2, batch_size=1, crop=64, journal_every=1, limit_minutes=1e-9),
    )
    for _ in range(2):
        weights = run(recipe, RunFolder(tmp_path / "run", recipe), device=CPU)
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["semantic"] > 0 for line in lines if "semantic" in line] == [True, True]
    heads = [torch.load(path, weights_only=True)["semantic_head"]["weight"] for path in checkpoints(tmp_path)]
    assert not torch.equal(*heads)
    assert not [key for key in load_file(weights) if "vgg" in key or "head" in key]


def checkpoints(folder):
    """States after the first and the second step."""
    return sorted((folder / "run" / "ckpt").glob("step-*.pt"))
