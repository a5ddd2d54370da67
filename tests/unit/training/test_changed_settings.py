"""Settings of a run are compared with those that its folder recorded."""

from lowlight_cli.training.changed_settings import FREE, changed_settings, warnings_of_changes
from lowlight_cli.training.config import OptimizerSettings, RunSettings
from lowlight_cli.training.recipes.glare_flow import GlareFlowRecipe
from lowlight_cli.training.recipes.vqcnir import VqcnirRecipe
from lowlight_cli.training.recipes.vqgan import VqganRecipe
from lowlight_cli.training.settings import SETTINGS_FILE, as_toml, known_keys


def record(folder, recipe):
    (folder / SETTINGS_FILE).write_text(as_toml(recipe))


def test_free_settings_exist():
    known = {*known_keys(VqcnirRecipe), "validation_side"}
    assert known >= FREE


def test_the_same_settings_do_not_differ(tmp_path):
    for kind in (VqganRecipe, VqcnirRecipe, GlareFlowRecipe):
        record(tmp_path, kind())
        assert changed_settings(kind(), tmp_path) == []
        again = kind(run=kind().run.model_copy(update={"steps": 7, "device": "cuda:1", "accumulate": 2}))
        assert changed_settings(again, tmp_path) == []


def test_settings_of_an_older_version_do_not_differ(tmp_path):
    lines = as_toml(VqganRecipe()).replace("edge_weight = 1.0\n", "gone_weight = 3.0\n")
    (tmp_path / SETTINGS_FILE).write_text(lines)
    assert changed_settings(VqganRecipe(), tmp_path) == []
    assert changed_settings(VqganRecipe(edge_weight=2.0), tmp_path) == ["edge_weight"]


def test_the_first_steps_of_phases_that_an_older_version_recorded_do_not_differ(tmp_path):
    record(tmp_path, VqganRecipe(codes_from=1000, critic_from=2000))
    assert changed_settings(VqganRecipe(), tmp_path) == []
    assert changed_settings(VqganRecipe(codes_from=9), tmp_path) == ["codes_from"]


def test_a_file_that_is_no_longer_given_differs(tmp_path):
    record(tmp_path, VqganRecipe(start=tmp_path / "a.safetensors"))
    assert changed_settings(VqganRecipe(), tmp_path) == ["start"]


def test_a_folder_without_settings_has_none_that_differ(tmp_path):
    assert warnings_of_changes(VqganRecipe(), tmp_path, tmp_path / "last.pt", is_over=True) == []


def test_many_settings_are_not_all_named(tmp_path):
    record(tmp_path, VqganRecipe())
    other = VqganRecipe(
        run=RunSettings(batch_size=3, crop=64, seed=4, precision="fp32", overfit=2),
        optimizer=OptimizerSettings(learning_rate=1, warmup=1, clip=2, final=0, spike=9),
    )
    [line] = warnings_of_changes(other, tmp_path, tmp_path / "ckpt" / "last.pt", is_over=False)
    assert "run.batch_size" in line
    assert line.count(",") == 8
    assert "and 2 more)" in line
