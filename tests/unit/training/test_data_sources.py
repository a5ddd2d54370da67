"""Reading what is trained on: photos beside pairs, those held out, those whose colors are wrong."""

import pytest

from lowlight_cli.datasets.config import DarkeningSettings
from lowlight_cli.training.config import DataSettings, Recipe, RunSettings
from lowlight_cli.training.data_sources import load_sources

DARKENING = DarkeningSettings()


@pytest.fixture
def recipe(tmp_path, make_picture) -> Recipe:
    for number in range(3):
        make_picture(tmp_path / "photos" / f"{number}.png", (72, 70), seed=number)
    for number in range(4):
        for half in ("low", "high"):
            make_picture(tmp_path / "pairs" / half / f"{number}.png", (72, 70), seed=number)
    data = DataSettings(
        photos=tmp_path / "photos", pairs=tmp_path / "pairs", held_out=("1",), cast=("2",), cache="none"
    )
    return Recipe(data=data, run=RunSettings(crop=64))


def names(pairs) -> list[str]:
    return [pair.name for pair in pairs]


def test_held_out_names_are_in_neither_photos_nor_pairs_to_train_on(recipe):
    sources, held_out = load_sources(recipe, DARKENING)
    assert len(sources.photos) == 2
    assert names(sources.pairs) == ["0", "2", "3"]
    assert names(held_out) == ["1"]
    assert sources.darkening is DARKENING


def test_pairs_with_wrong_colors_are_left_out_before_a_few_are_taken(recipe):
    few = recipe.model_copy(update={"run": RunSettings(crop=64, overfit=2)})
    sources, held_out = load_sources(few, DARKENING, with_color_casts=False)
    assert names(sources.pairs) == names(held_out) == ["0", "3"]
    assert names(load_sources(few, DARKENING)[0].pairs) == ["0", "2"]


def test_no_photos_are_looked_for_where_none_are_named(recipe):
    pairs_only = recipe.model_copy(update={"data": recipe.data.model_copy(update={"photos": ()})})
    assert list(load_sources(pairs_only, DARKENING)[0].photos) == []
