"""Training of DRGN: its losses at known points, who learns when, and what a batch holds."""

import math

import pytest
import torch
from torch import nn

from lowlight_cli.datasets.config import DarkeningSettings
from lowlight_cli.losses.adversarial import logistic, logistic_generator_loss
from lowlight_cli.losses.divergence import histogram_divergence, softmax_divergence
from lowlight_cli.losses.pixel import charbonnier
from lowlight_cli.models.cost import count_parameters
from lowlight_cli.models.drgn.compose import degraded
from lowlight_cli.models.drgn.config import DrgnConfig, SingleBranchConfig
from lowlight_cli.models.drgn.discriminator import DegradationCritic
from lowlight_cli.training.config import OptimizerSettings
from lowlight_cli.training.data_sources import PairedPhoto, Sources
from lowlight_cli.training.degradation_batch import Cut, DegradationBatch, degradation_batch, random_patch
from lowlight_cli.training.drgn import new_model
from lowlight_cli.training.photos import Photo
from lowlight_cli.training.recipes.drgn_degradation import (
    DegradationRecipe,
    discriminator_losses,
    generator_losses,
    generator_optimizer,
    transfer,
)
from lowlight_cli.training.recipes.drgn_refinement import (
    Refined,
    RefinementRecipe,
    refine,
    refinement_losses,
)
from lowlight_cli.training.rng import item_rngs
from lowlight_cli.training.weight_updates import DecaySettings, decayed_share

NARROW = DrgnConfig(generator=SingleBranchConfig(channels=6, modules=1, depth=1, reduction=2))
PAPER = {"model": NARROW, "edge_weight": 0.0, "colour_weight": 0.0, "synthetic_share": 1.0}


@pytest.fixture
def batch() -> DegradationBatch:
    return DegradationBatch(
        dark=0.2 * torch.rand(2, 3, 32, 32),
        bright=torch.rand(2, 3, 32, 32),
        lightness=torch.tensor([0.1, 0.1]),
        color=torch.ones(2, 1, 1, 1),
        clean=torch.rand(2, 3, 32, 32),
        clean_ratio=torch.ones(2),
        uniform=torch.tensor([0.0, 0.5]),
    )


@pytest.fixture
def sources() -> Sources:
    pairs = [
        PairedPhoto(str(value), torch.full((6, 96, 80), value, dtype=torch.uint8), 0.1, 0.5, value == 60)
        for value in (20, 60)
    ]
    photos = [Photo(torch.full((3, 70, 90), 200, dtype=torch.uint8), None, 0.78)]
    return Sources(photos, pairs, DarkeningSettings())


def discriminators() -> nn.ModuleDict:
    return nn.ModuleDict({name: DegradationCritic(4) for name in ("low", "degradation")})


# Losses


def test_charbonnier_of_equal_pictures_is_epsilon() -> None:
    images = torch.rand(1, 3, 8, 8)
    assert float(charbonnier(images, images)) == pytest.approx(1e-3)
    assert float(charbonnier(images, images + 1)) == pytest.approx(math.hypot(1, 1e-3))


@pytest.mark.parametrize(("wanted", "made"), [(-0.6, 0.3), (0.0, 0.0), (5.0, -2.0)])
def test_constant_degradations_do_not_diverge_and_give_no_gradient(wanted: float, made: float) -> None:
    one, other = (torch.full((2, 3, 8, 8), value, requires_grad=True) for value in (wanted, made))
    loss = softmax_divergence(one, other)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-6)
    for value in (one, other):
        torch.testing.assert_close(value.grad, torch.zeros_like(value), rtol=0, atol=1e-7)


def test_divergence_is_the_sum_over_pixels() -> None:
    one, other = torch.randn(2, 2, 3, 4, 4).unbind(0)
    p, q = (values.flatten(2).softmax(2) for values in (one, other))
    torch.testing.assert_close(softmax_divergence(one, other), (p * (p / q).log()).sum(2).mean())


def test_histograms_tell_means_apart_and_softmaxes_do_not() -> None:
    images = 0.2 * torch.rand(1, 3, 16, 16)
    assert float(histogram_divergence(images, images)) == pytest.approx(0, abs=1e-6)
    assert float(histogram_divergence(images, images - 0.5)) > 1
    assert float(softmax_divergence(images, images - 0.5)) == pytest.approx(0, abs=1e-5)


def test_verdicts_are_judged_by_logarithms_of_their_sigmoid() -> None:
    real, made = torch.tensor([[0.3], [-1.0]]), torch.tensor([[2.0], [0.5]])
    expected = -(real.sigmoid().log().mean() + (1 - made.sigmoid()).log().mean())
    torch.testing.assert_close(logistic(real, made), expected)
    torch.testing.assert_close(logistic_generator_loss(made), -made.sigmoid().log().mean())
    torch.testing.assert_close(
        logistic_generator_loss(made, saturating=True), (1 - made.sigmoid()).log().mean()
    )


def test_degraded_pictures_stay_pictures() -> None:
    clean, degradation = 2 * torch.rand(2, 3, 4, 4) - 1, torch.full((2, 3, 4, 4), -0.6)
    made = degraded(clean, degradation, torch.tensor([1.0, 2.0]).view(-1, 1, 1, 1))
    torch.testing.assert_close(made, torch.stack([clean[0] - 0.6, clean[1] - 1.2]).clamp(-1, 1))
    assert float(degraded(clean, degradation, rule="sum").min()) < -1


# Networks


def test_a_critic_has_the_size_of_srgan() -> None:
    with torch.device("meta"):
        assert count_parameters(DegradationCritic()) == pytest.approx(23.6e6, rel=0.01)


@pytest.mark.parametrize("pooled", [False, True])
def test_a_critic_gives_one_verdict_for_each_picture(pooled: bool) -> None:
    assert DegradationCritic(4, pooled=pooled)(torch.rand(2, 3, 32, 48)).shape == (2, 1)


# Stage 1


@pytest.mark.parametrize("stage1", ["paper", "level", "paired"])
def test_the_first_stage_teaches_the_first_generator_only(batch, stage1: str) -> None:
    recipe = DegradationRecipe(model=NARROW, stage1=stage1)
    model, judges = new_model(recipe), discriminators()
    losses = generator_losses(
        recipe, judges, transfer(recipe, model, batch), model.to_signal(batch.bright), batch.color
    )
    assert losses.keys() - {"adversarial", "divergence"} == {stage1} - {"paper"}
    torch.stack(list(losses.values())).sum().backward()
    assert all(parameter.grad is not None for parameter in model.degradation.parameters())
    assert all(parameter.grad is None for parameter in model.refinement.parameters())


def test_critics_learn_without_the_generator(batch) -> None:
    recipe = DegradationRecipe(model=NARROW)
    model, judges = new_model(recipe), discriminators()
    discriminator_losses(judges, transfer(recipe, model, batch)).backward()
    assert all(parameter.grad is not None for parameter in judges.parameters())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_clean_pictures_are_made_dark_within_range(batch) -> None:
    recipe = DegradationRecipe(model=NARROW)
    passed = transfer(recipe, new_model(recipe), batch)
    assert passed.low.min() >= -1
    assert passed.low.max() <= 1
    torch.testing.assert_close(passed.rest + passed.real, passed.dark)


def test_the_loss_of_two_constants_is_that_of_the_critics(batch) -> None:
    recipe = DegradationRecipe(model=NARROW)
    model = new_model(recipe)
    nn.init.zeros_(model.degradation.to_rgb.weight)
    nn.init.constant_(model.degradation.to_rgb.bias, -0.5)
    passed = transfer(recipe, model, batch)
    losses = generator_losses(recipe, discriminators(), passed, model.to_signal(batch.bright), batch.color)
    assert losses["divergence"].item() == pytest.approx(0, abs=0.1)  # scaled by 100,000
    assert 0.5 < losses["adversarial"].item() < 5


@pytest.mark.parametrize("casts", [0.0, 1.0])
def test_the_level_is_that_of_what_dark_images_lack(batch, casts: float) -> None:
    recipe = DegradationRecipe(model=NARROW, stage1="level", level_weight=1.0, loss_scale=1.0)
    model, bright = new_model(recipe), 2 * batch.bright - 1
    color = torch.full((2, 1, 1, 1), casts)
    passed = transfer(recipe, model, batch)

    def level(real) -> float:
        changed = passed._replace(real=real)
        return generator_losses(recipe, discriminators(), changed, bright, color)["level"].item()

    lacking = (passed.dark - bright).mean((2, 3), keepdim=True).expand_as(bright)
    assert level(lacking) == pytest.approx(0, abs=1e-8)
    assert level(lacking + 0.5) == pytest.approx(0.25)
    mean = lacking.mean((2, 3), keepdim=True)
    assert level(mean + 0.3 * torch.randn_like(bright)) < 0.01  # within an image it may be anything


def test_the_last_bias_learns_faster_than_the_rest() -> None:
    recipe = DegradationRecipe(model=NARROW, level_rate=4.0)
    model = new_model(recipe)
    optimizer = generator_optimizer(recipe, model, torch.device("cpu"))
    before = model.degradation.to_rgb.bias.clone(), model.degradation.to_rgb.weight.clone()
    level, weight = model.degradation.to_rgb.bias, model.degradation.to_rgb.weight
    optimizer.backward(1e3 * (level.sum() + weight.sum()))
    optimizer.step(1.0)
    rate = recipe.optimizer.learning_rate
    torch.testing.assert_close(before[0] - level, torch.full_like(level, 4 * rate))
    torch.testing.assert_close(before[1] - weight, torch.full_like(weight, rate))


# Stage 2


def test_the_second_stage_teaches_the_second_generator_only(batch) -> None:
    recipe = RefinementRecipe(**PAPER)
    model = new_model(recipe)
    losses = refinement_losses(recipe, refine(recipe, model, batch), batch)
    torch.stack(list(losses.values())).sum().backward()
    assert all(parameter.grad is not None for parameter in model.refinement.parameters())
    assert all(parameter.grad is None for parameter in model.degradation.parameters())


def test_the_first_generator_learns_along_where_asked_for(batch) -> None:
    recipe = RefinementRecipe(**PAPER, freeze_degradation=False)
    model = new_model(recipe)
    losses = refinement_losses(recipe, refine(recipe, model, batch), batch)
    torch.stack(list(losses.values())).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_perfect_pictures_have_the_published_loss(batch) -> None:
    recipe = RefinementRecipe(**PAPER)
    losses = refinement_losses(recipe, Refined(batch.bright, batch.clean), batch)
    assert sum(losses.values()).item() == pytest.approx(2e-3 - 0.4, abs=1e-5)


def test_without_clean_pictures_only_dark_ones_count(batch) -> None:
    recipe = RefinementRecipe(**PAPER)
    alone = batch._replace(clean=batch.clean[:0], clean_ratio=torch.ones(0), uniform=torch.ones(0))
    refined = refine(recipe, new_model(recipe), alone)
    assert len(refined.images) == 2
    assert len(refined.synthetic) == 0
    losses = refinement_losses(recipe, Refined(batch.bright, refined.synthetic), alone)
    assert sum(losses.values()).item() == pytest.approx(1e-3 - 0.2, abs=1e-5)


# Schedule and batches


@pytest.mark.parametrize(
    ("kind", "step", "share"),
    [
        ("staircase", 5999, 1),
        ("staircase", 12_000, 0.81),
        ("continuous", 3000, 0.9**0.5),
        ("cosine", 500, 0.505),
    ],
)
def test_the_rate_falls_as_asked_for(kind: str, step: int, share: float) -> None:
    optimizer = OptimizerSettings(warmup=1, final=0.01)
    steps = 1000 if kind == "cosine" else 28_800
    assert decayed_share(step, steps, DecaySettings(kind=kind), optimizer) == pytest.approx(share)


def test_a_batch_holds_darkened_photos_pairs_and_clean_pictures(sources) -> None:
    cut = Cut(8, 64, (1.0, 0.8), on_grid=False, darkened=0.25, synthetic=0.5)
    batch = degradation_batch(sources, cut, item_rngs(0, 0, range(8)))
    assert batch.dark.shape == batch.bright.shape == (8, 3, 64, 64)
    assert batch.clean.shape == (4, 3, 64, 64)
    torch.testing.assert_close(batch.clean, torch.full_like(batch.clean, 200 / 255))
    assert (batch.bright[:2] > 0.7).all()
    assert (batch.dark[:2] < batch.bright[:2]).all()
    values = (batch.dark[2:] * 255).round().amax((1, 2, 3))
    assert set(values.tolist()) == {20, 60}
    assert [bool(value) for value in batch.color[2:].flatten() == 0] == (values == 60).tolist()


def test_without_photos_clean_pictures_come_from_other_pairs(sources) -> None:
    cut = Cut(6, 64, (1.0,), on_grid=True, darkened=0.5, synthetic=1.0)
    batch = degradation_batch(sources._replace(photos=[]), cut, item_rngs(0, 0, range(6)))
    dark, clean = ((images * 255).round().amax((1, 2, 3)) for images in (batch.dark, batch.clean))
    assert (dark + clean == 80).all()


def test_patches_of_a_grid_start_at_multiples_of_their_side() -> None:
    rows, columns = torch.meshgrid(torch.arange(96), torch.arange(70), indexing="ij")
    pixels = torch.stack([rows, columns, rows]).to(torch.uint8)
    cut = Cut(1, 32, (1.0,), on_grid=True, darkened=0, synthetic=0)
    starts = set()
    for item in item_rngs(0, 0, range(40)).items:
        patch = (random_patch(pixels, cut, item) * 255).round()
        starts.add((int(patch[0].min()), int(patch[1].min())))
    assert starts == {(row, column) for row in (0, 32, 64) for column in (0, 32)}
