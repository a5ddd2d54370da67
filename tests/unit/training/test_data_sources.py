"""Reading what is trained on: photos beside pairs, those held out, those whose colors are wrong."""

import pytest

from lowlight_cli.datasets.config import DarkeningSettings
from lowlight_cli.training.config import DataSettings, Recipe, RunSettings
from lowlight_cli.training.data_sources import load_sources
from lowlight_cli.training.dataset_sources import with_datasets

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


def make_pairs(folder, names, make_picture) -> None:
    for place, name in enumerate(names):
        for half in ("low", "high"):
            make_picture(folder / half / f"{name}.png", (72, 70), seed=place)


def load(**data: object):
    settings = with_datasets(DataSettings(cache="none", **data), paired=True)
    return load_sources(Recipe(data=settings, run=RunSettings(crop=64)), DARKENING)


def test_a_pair_of_the_user_is_trained_on_whatever_its_name(tmp_path, make_picture):
    make_pairs(tmp_path / "mine", ("115", "004", "x"), make_picture)
    make_picture(tmp_path / "photos" / "115.png", (72, 70))
    sources, held_out = load(pairs=tmp_path / "mine", photos=tmp_path / "photos")
    assert names(sources.pairs) == ["004", "115", "x"]
    assert not any(pair.has_color_cast for pair in sources.pairs)
    assert len(sources.photos) == 1
    assert held_out == []


def test_every_tenth_pair_of_an_unknown_folder_is_held_out_also_as_a_photo(tmp_path, make_picture):
    make_pairs(tmp_path / "mine", [f"{number:02}" for number in range(11)], make_picture)
    sources, held_out = load(pairs=tmp_path / "mine", photos=tmp_path / "mine" / "high")
    assert names(held_out) == ["00", "10"]
    assert len(sources.pairs) == len(sources.photos) == 9
    everything, none = load(pairs=tmp_path / "mine", held_out=())
    assert (len(everything.pairs), none) == (11, [])


@pytest.mark.parametrize("by_name", [True, False])
def test_scenes_that_a_data_set_names_are_held_out_there_alone(tmp_path, make_picture, by_name):
    folder = tmp_path / "ELIEI" / "train"
    make_pairs(folder, ("004", "115", "116"), make_picture)
    make_pairs(tmp_path / "mine", ("004", "115"), make_picture)
    own = tmp_path / "mine"
    found = (
        {"pairs": (own,), "datasets": ("eliei",), "root": tmp_path} if by_name else {"pairs": (own, folder)}
    )
    sources, held_out = load(**found, photos=folder / "high")
    assert names(sources.pairs) == ["004", "115", "004", "116"]
    assert [pair.has_color_cast for pair in sources.pairs] == [False, False, True, False]
    assert names(held_out) == ["115"]
    assert len(sources.photos) == 2
