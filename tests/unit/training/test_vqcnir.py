"""What the LQ phase of VQCNIR starts from, and what it leaves alone."""

import pytest
import torch

from lowlight_cli.checkpoints.save import save_weights
from lowlight_cli.datasets.config import BLURRED_NIGHTS, MANY_NIGHTS, BlurSettings
from lowlight_cli.errors import WeightsError
from lowlight_cli.losses.areas import area_means, gradient_histogram
from lowlight_cli.models.codeenhance.model import CodeEnhance
from lowlight_cli.models.semantic.model import SemanticNet
from lowlight_cli.models.vqcnir.config import PUBLISHED_PRIOR, VqcnirConfig
from lowlight_cli.models.vqgan.model import Vqgan
from lowlight_cli.training.config import DataSettings, RunSettings
from lowlight_cli.training.data_sources import PairedPhoto
from lowlight_cli.training.presets import preset_of
from lowlight_cli.training.recipes.vqcnir import VqcnirRecipe, area_losses, run
from lowlight_cli.training.run_folder import RunFolder
from lowlight_cli.training.vqcnir import blurred_pairs, freeze_offsets, start_vqcnir
from tests.contracts.narrow_recipes import NARROW_CODEENHANCE, NARROW_SEMANTIC
from tests.contracts.narrow_recipes import NARROW_VQCNIR as CONFIG
from tests.contracts.narrow_recipes import NARROW_VQGAN as NARROW


@pytest.fixture
def stage_one(tmp_path):
    return save_weights(tmp_path / "vqgan.safetensors", Vqgan(NARROW), {"architecture": "vqgan"})


def test_what_the_hq_phase_knows_is_where_the_lq_phase_starts(stage_one):
    model, prior = start_vqcnir(CONFIG, stage_one, None)
    ours, theirs = model.state_dict(), prior.state_dict()
    for name, value in theirs.items():
        if name == "encoder.stem.weight":
            assert torch.equal(ours[name][:, :3], value)
            assert not ours[name][:, 3:].any()
        else:
            assert torch.equal(ours[name], value), name


def test_weights_of_an_earlier_run_take_the_place_of_all(stage_one, tmp_path):
    earlier, _ = start_vqcnir(CONFIG, None, None)
    path = save_weights(tmp_path / "earlier.safetensors", earlier, {"architecture": "vqcnir"})
    with pytest.raises(WeightsError, match=r"codes of another stage I: .*--vqgan.*keep_codes=true"):
        start_vqcnir(CONFIG, stage_one, path)
    model, _ = start_vqcnir(CONFIG, stage_one, path, has_targets=False)
    for name, value in earlier.state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name


def test_with_an_earlier_run_the_codes_may_stay_those_of_a_new_hq_phase(stage_one, tmp_path):
    earlier, _ = start_vqcnir(CONFIG, None, None)
    path = save_weights(tmp_path / "earlier.safetensors", earlier, {"architecture": "vqcnir"})
    model, prior = start_vqcnir(CONFIG, stage_one, path, keep_codes=True)
    for name, value in model.state_dict().items():
        is_frozen = name.split(".")[0] in ("codebook", "post_quant", "decoder")
        assert torch.equal(value, (prior if is_frozen else earlier).state_dict()[name]), name


def test_the_encoder_may_be_that_of_codeenhance(stage_one, tmp_path):
    config = NARROW_CODEENHANCE.model_copy(update={"vqgan": NARROW})
    other = CodeEnhance(config.model_copy(update={"embedding": "none"}))
    path = save_weights(tmp_path / "other.safetensors", other, {"architecture": "codeenhance"})
    model, prior = start_vqcnir(CONFIG, stage_one, None, encoder=path)
    for name, value in model.state_dict().items():
        part = name.split(".")[0]
        if part in ("encoder", "pre_quant"):
            assert torch.equal(value, other.state_dict()[name]), name
        elif part in ("codebook", "post_quant", "decoder"):
            assert torch.equal(value, prior.state_dict()[name]), name


def test_weights_without_an_encoder_are_refused(stage_one, tmp_path):
    path = save_weights(tmp_path / "semantic.safetensors", SemanticNet(NARROW_SEMANTIC), {})
    with pytest.raises(WeightsError, match=r"semantic\.safetensors do not fit"):
        start_vqcnir(CONFIG, stage_one, None, encoder=path)


def test_the_nights_and_the_movements_of_the_recipe_are_those_of_the_page():
    recipe = VqcnirRecipe()
    assert recipe.darkening == BLURRED_NIGHTS
    assert (recipe.blur.length.median, recipe.blur.length.factor) == (15.5, 1.39)
    assert recipe.model.reach == (6.0, 8.0, 12.0, 16.0)


def test_losses_of_areas_have_their_weights_and_can_be_left_out():
    generator = torch.Generator().manual_seed(0)
    made, target = torch.rand(2, 2, 3, 64, 64, generator=generator)
    found = area_losses(VqcnirRecipe(mean_weight=2.0, sharpness_weight=3.0), made, target)
    assert found["mean"] == 2 * area_means(made, target)
    assert found["sharpness"] == 3 * gradient_histogram(made, target)
    assert area_losses(VqcnirRecipe(mean_weight=0.0, sharpness_weight=0.0), made, target) == {}


def test_held_still_nothing_is_moved_whatever_was_learned():
    model, _ = start_vqcnir(CONFIG, None, None)
    layer, features = model.faithful.levels[0].warp.dcn, torch.randn(1, 8, 6, 6)
    torch.nn.init.normal_(layer.predict.weight)
    free = layer(features, features)
    freeze_offsets(model, still=True)
    held = layer(features, features)
    freeze_offsets(model, still=False)
    assert not torch.allclose(held, free)
    assert torch.equal(layer(features, features), free)


def test_pairs_are_blurred_alike_in_every_run():
    pixels = torch.randint(0, 60, (6, 40, 48), dtype=torch.uint8)
    pairs = [PairedPhoto(str(number), pixels, 0.1, 0.5, has_color_cast=False) for number in range(2)]
    first, again = (blurred_pairs(pairs, BlurSettings(share=0.1), MANY_NIGHTS) for _ in range(2))
    for pair, one, two in zip(pairs, first, again, strict=True):
        assert torch.equal(one.pixels, two.pixels)
        assert torch.equal(one.pixels[3:], pair.pixels[3:])
        assert not torch.equal(one.pixels[:3], pair.pixels[:3])
    assert not torch.equal(first[0].pixels, first[1].pixels)


def test_the_published_schedule_is_that_of_the_paper():
    recipe = VqcnirRecipe.model_validate(preset_of("vqcnir", "paper"))
    assert recipe.model == VqcnirConfig()
    assert (recipe.run.steps, recipe.run.batch_size, recipe.run.crop) == (500_000, 8, 256)
    assert (recipe.optimizer.learning_rate, recipe.optimizer.critic_rate) == (1e-4, 4e-4)
    assert (recipe.adversarial_weight, recipe.association_weight, recipe.lpips_weight) == (0.1, 1.0, 1.0)
    assert recipe.blur.share == recipe.sharpness_weight == recipe.mean_weight == 0
    assert recipe.model.reach is None
    assert recipe.model.dbca
    assert preset_of("vqcnir-vqgan", "paper")["model"] == PUBLISHED_PRIOR.model_dump()


@pytest.fixture
def recipe(make_picture, tmp_path) -> VqcnirRecipe:
    for number in range(2):
        make_picture(tmp_path / "photos" / f"{number}.png", (72, 70), seed=number)
    return VqcnirRecipe(
        model=CONFIG,
        data=DataSettings(photos=(tmp_path / "photos",)),
        run=RunSettings(steps=3, batch_size=2, crop=64),
    )


def test_a_run_trains_no_frozen_part(recipe, tmp_path):
    run(recipe, RunFolder(tmp_path / "run", recipe), device=torch.device("cpu"))
    state = torch.load(tmp_path / "run" / "ckpt" / "last.pt", weights_only=True)["model"]
    torch.manual_seed(recipe.run.seed)
    fresh = start_vqcnir(CONFIG, None, None)[0].state_dict()
    changed = {key for key, value in state.items() if not torch.equal(value, fresh[key])}
    assert {key.split(".")[0] for key in changed} == {"encoder", "aiem", "pre_quant", "faithful"}
    assert any(".dcn.predict." in key for key in changed)


def test_without_a_weight_there_is_no_critic_and_that_of_an_older_run_is_let_be(recipe, tmp_path):
    last = tmp_path / "run" / "ckpt" / "last.pt"
    for steps in (1, 2):
        step = recipe.model_copy(update={"run": recipe.run.model_copy(update={"steps": steps})})
        run(step, RunFolder(tmp_path / "run", step), device=torch.device("cpu"))
        state = torch.load(last, weights_only=True)
        assert state["step"] == steps
        assert not {"discriminator", "discriminator_optimizer"} & state.keys()
        torch.save(
            state | {"discriminator": {"conv0.weight": torch.zeros(1)}, "discriminator_optimizer": {}}, last
        )
