"""LPIPS as a loss, with stand-in weights: its form, its files, its place in the recipe."""

import warnings
from pathlib import Path

import pytest
import torch
from torch.nn.functional import normalize

from lowlight_cli.checkpoints.load_lpips import load_lpips
from lowlight_cli.errors import WeightsError
from lowlight_cli.losses.learned_perceptual import SCALE, SHIFT, LearnedPerceptual


@pytest.fixture
def files(tmp_path):
    """Stand-ins for both published files, named and shaped as those are."""
    state = LearnedPerceptual().state_dict()
    torch.nn.init.normal_(state["features.0.weight"])
    backbone = {key: value for key, value in state.items() if key.startswith("features.")}
    heads = {key: value.abs() for key, value in state.items() if key.startswith("lin")}
    torch.save(backbone | {"classifier.0.weight": torch.zeros(1)}, tmp_path / "vgg16.pth")
    torch.save(heads, tmp_path / "heads.pth")
    return tmp_path / "vgg16.pth", tmp_path / "heads.pth"


def test_the_first_block_counts_as_the_paper_says(files):
    loss = load_lpips(*files)
    for index in range(1, 5):
        loss.get_parameter(f"lin{index}.model.1.weight").zero_()
    images, targets = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)
    seen = []
    for batch in (images, targets):
        x = (2 * batch - 1 - torch.tensor(SHIFT).view(1, 3, 1, 1)) / torch.tensor(SCALE).view(1, 3, 1, 1)
        for index in (0, 2):
            x = torch.relu(loss.features[index](x))
        seen.append(normalize(x, dim=1))
    weighted = (seen[0] - seen[1]).square() * loss.get_parameter("lin0.model.1.weight").view(1, -1, 1, 1)
    torch.testing.assert_close(loss(images, targets), weighted.sum(1).mean())


def test_equal_pictures_cost_nothing_and_others_pull(files):
    loss, images = load_lpips(*files), torch.rand(1, 3, 32, 32, requires_grad=True)
    assert loss(images, images.detach()) == 0
    loss(images, torch.rand(1, 3, 32, 32)).backward()
    assert images.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in loss.parameters())


def test_files_that_are_missing_or_swapped_are_named(files, tmp_path):
    with pytest.raises(WeightsError, match=r"nowhere\.pth"):
        load_lpips(tmp_path / "nowhere.pth", files[1])
    with pytest.raises(WeightsError, match=r"vgg16\.pth"):
        load_lpips(files[1], files[0])


def test_the_recipe_takes_it_where_its_files_are_given(files):
    from lowlight_cli.models.codeenhance.config import PRESETS
    from lowlight_cli.models.codeenhance.model import CodeEnhance
    from lowlight_cli.training.recipes.codeenhance import CodeEnhanceRecipe, perceptual_loss

    recipe = CodeEnhanceRecipe(lpips_backbone=files[0], lpips_heads=files[1], lpips_weight=2.0)
    images, targets = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)
    loss = perceptual_loss(recipe, CodeEnhance(PRESETS["lite"]), torch.device("cpu"))
    expected = 2 * load_lpips(*files)(images, targets)
    torch.testing.assert_close(loss(images, targets), expected)


@pytest.mark.parametrize("kind", ["alex", pytest.param("vgg", marks=pytest.mark.slow)])
def test_the_authors_program_finds_the_same_distances(kind, tmp_path):
    lpips = pytest.importorskip("lpips")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchvision warns of the old way in which it is asked for a network
        theirs = lpips.LPIPS(net=kind, pnet_rand=True, verbose=False)
    layers = {key.split(".", 1)[1]: value for key, value in theirs.net.state_dict().items()}
    torch.save({f"features.{key}": value for key, value in layers.items()}, tmp_path / "backbone.pth")
    heads = Path(lpips.__file__).parent / "weights" / "v0.1" / f"{kind}.pth"
    images, targets = torch.rand(2, 3, 67, 80), torch.rand(2, 3, 67, 80)
    expected = theirs(images, targets, normalize=True).flatten()
    found = load_lpips(tmp_path / "backbone.pth", heads, kind).distances(images, targets)
    assert expected.min() > 1e-4
    torch.testing.assert_close(found, expected.detach(), rtol=1e-4, atol=1e-6)


def test_each_pair_has_a_distance_of_its_own(files):
    loss = load_lpips(*files)
    images, targets = torch.rand(3, 3, 32, 32), torch.rand(3, 3, 32, 32)
    images[1] = targets[1]
    distances = loss.distances(images, targets)
    assert distances[1] == 0
    assert distances[0] != distances[2]
    torch.testing.assert_close(loss(images, targets), distances.mean())
