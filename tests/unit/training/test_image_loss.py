"""Losses of pictures: what each weight counts for, and LPIPS where both of its files are given."""

import pytest
import torch
from skimage.metrics import structural_similarity

from lowlight_cli.checkpoints.load_lpips import load_lpips
from lowlight_cli.checkpoints.locate import shipped_metric_folder
from lowlight_cli.losses.learned_perceptual import LearnedPerceptual
from lowlight_cli.training.image_loss import image_losses, optional_lpips
from lowlight_cli.training.recipes.vqcnir import VqcnirRecipe

CPU = torch.device("cpu")


@pytest.fixture
def pictures() -> tuple[torch.Tensor, torch.Tensor]:
    item_rng = torch.Generator().manual_seed(0)
    made, target = torch.rand(2, 1, 3, 32, 32, generator=item_rng)
    return made, target


def test_the_weights_of_a_recipe_are_those_of_its_losses(pictures):
    once = image_losses(VqcnirRecipe(edge_weight=1.0, structure_weight=1.0, colour_weight=1.0), *pictures)
    found = image_losses(VqcnirRecipe(edge_weight=2.0, structure_weight=3.0, colour_weight=5.0), *pictures)
    shares = {"pixel": 1.0, "edge": 2.0, "structure": 3.0, "colour": 5.0}
    for name, share in shares.items():
        torch.testing.assert_close(found[name], share * once[name])


def test_pixels_and_structure_are_those_of_other_programs(pictures):
    made, target = (image[0].double().numpy() for image in pictures)
    found = image_losses(VqcnirRecipe(structure_weight=1.0), *pictures)
    likeness = structural_similarity(
        made, target, channel_axis=0, data_range=1.0, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False,
    )  # fmt: skip
    assert float(found["pixel"]) == pytest.approx(abs(made - target).mean(), rel=1e-5)
    assert float(found["structure"]) == pytest.approx(1 - likeness, abs=2e-4)


def test_structure_may_be_compared_in_another_way(pictures):
    recipe = VqcnirRecipe(structure_weight=0.5)
    found = image_losses(recipe, *pictures, differ=lambda made, target: (made + target).sum())
    torch.testing.assert_close(found["structure"], 0.5 * (pictures[0] + pictures[1]).sum())


def test_lpips_needs_its_backbone_and_takes_the_shipped_heads(tmp_path):
    assert optional_lpips(VqcnirRecipe(), CPU) is None
    assert optional_lpips(VqcnirRecipe(lpips_heads=tmp_path / "heads.pth"), CPU) is None
    state = LearnedPerceptual().state_dict()
    torch.save({key: state[key] for key in state if key.startswith("features.")}, tmp_path / "vgg.pth")
    lpips = optional_lpips(VqcnirRecipe(lpips_backbone=tmp_path / "vgg.pth"), CPU)
    shipped = load_lpips(tmp_path / "vgg.pth", shipped_metric_folder() / "lpips_vgg.safetensors")
    assert lpips is not None
    for one, other in zip(lpips.parameters(), shipped.parameters(), strict=True):
        assert torch.equal(one, other)
