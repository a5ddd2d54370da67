"""Settings come from the class, a file, options and assignments, in this order."""

import re
import tomllib

import pytest

from lowlight_cli.errors import SettingsError
from lowlight_cli.models.drgn.config import MultiResolutionConfig
from lowlight_cli.training.catalog import RECIPES
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.presets import preset_of
from lowlight_cli.training.recipes.codeenhance import CodeEnhanceRecipe
from lowlight_cli.training.recipes.drgn_refinement import RefinementRecipe
from lowlight_cli.training.settings import as_commented_toml, as_toml, merged, parse_assignment


def test_later_sources_win(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text("[run]\nsteps = 7\nseed = 3\ncrop = 96\n")
    recipe = merged(Recipe, file, {"run.seed": 4, "run.crop": None}, ["run.crop=64"])
    assert (recipe.run.steps, recipe.run.seed, recipe.run.crop) == (7, 4, 64)
    assert recipe.run.batch_size == Recipe().run.batch_size


def test_values_are_read_as_toml_or_else_as_text():
    assert parse_assignment("optimizer.betas=[0.5, 0.9]") == (("optimizer", "betas"), [0.5, 0.9])
    assert parse_assignment("run.device=cuda:1") == (("run", "device"), "cuda:1")


@pytest.mark.parametrize(
    ("assignment", "named"),
    [("run.stepz=3", "run.stepz"), ("run.steps=-1", "run.steps"), ("run=3", "run"), ("steps", "KEY=VALUE")],
)
def test_a_wrong_setting_is_named(assignment, named):
    with pytest.raises(SettingsError, match=named):
        merged(Recipe, None, {}, [assignment])


def test_a_file_that_is_no_toml_is_refused(tmp_path):
    (tmp_path / "x.toml").write_text("a = = 3")
    with pytest.raises(SettingsError, match=r"x\.toml"):
        merged(Recipe, tmp_path / "x.toml", {}, [])


@pytest.mark.parametrize("name", RECIPES)
def test_one_setting_leaves_the_others_as_the_recipe_has_them(name):
    settings = RECIPES[name].settings_class()
    run, optimizer = settings().run, settings().optimizer
    recipe = merged(settings, None, {"run.batch_size": 3}, ["optimizer.warmup=7"])
    assert recipe.run == run.model_copy(update={"batch_size": 3})
    assert recipe.optimizer == optimizer.model_copy(update={"warmup": 7})
    assert recipe.model_copy(update={"run": run, "optimizer": optimizer}) == settings()


def test_one_setting_of_the_network_keeps_its_size():
    recipe = merged(CodeEnhanceRecipe, None, {}, ["model.lift_target=0.3"])
    assert recipe.model == CodeEnhanceRecipe().model.model_copy(update={"lift_target": 0.3})


def test_another_kind_begins_anew_whatever_the_order():
    words = ["model.generator.channels=8", "model.generator.kind=multi_resolution"]
    recipe = merged(RefinementRecipe, None, {}, words)
    assert recipe.model.generator == MultiResolutionConfig(channels=8)


@pytest.mark.parametrize("name", ["codeenhance", "drgn-refinement", "vqcnir"])
def test_whole_settings_read_back_from_a_file(name, tmp_path):
    settings = RECIPES[name].settings_class()
    recipe = merged(settings, None, {}, ["run.steps=7"], start=preset_of(name, "paper"))
    (tmp_path / "run.toml").write_text(as_toml(recipe))
    again = merged(settings, tmp_path / "run.toml", {}, ["run.seed=3"])
    assert again.model == recipe.model
    assert again.run == recipe.run.model_copy(update={"seed": 3})
    assert again.optimizer == recipe.optimizer


@pytest.mark.parametrize("name", RECIPES)
def test_settings_without_a_value_are_comments_in_their_tables(name):
    recipe = RECIPES[name].settings_class()()
    text = as_commented_toml(recipe)
    assert tomllib.loads(text) == tomllib.loads(as_toml(recipe))
    filled = tomllib.loads(re.sub(r"(?m)^# (\w+) =$", r"\1 = 'none'", text))
    unset = [key for key, value in recipe.model_dump(mode="json").items() if value is None]
    assert all(filled[key] == "none" for key in unset)
    assert {"early_stop", "limit_minutes"} <= {key for key, value in filled["run"].items() if value == "none"}
    assert filled["data"]["held_out"] == filled["data"]["val_share"] == "none"
