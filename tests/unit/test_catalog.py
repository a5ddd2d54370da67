from typing import NamedTuple

import pytest

from lowlight_cli.catalog import Catalog
from lowlight_cli.errors import UnknownNameError
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.entry import imported


class Thing(NamedTuple):
    hidden: bool


THINGS = Catalog("thing", {"plain": Thing(False), "secret": Thing(True)})


def test_a_hidden_entry_is_found_but_not_listed_by_the_error():
    assert THINGS["secret"].hidden
    assert list(THINGS) == ["plain", "secret"]
    with pytest.raises(UnknownNameError, match=r"^unknown thing 'x'; known: plain$"):
        THINGS["x"]


def test_a_hidden_entry_is_not_suggested():
    with pytest.raises(UnknownNameError, match=r"^unknown thing 'secre'; known: plain$"):
        THINGS["secre"]


@pytest.mark.parametrize("name", MODELS)
def test_names_of_presets_are_those_of_the_settings(name):
    entry = MODELS[name]
    assert set(entry.presets) == set(imported(entry.settings)) == set(entry.pass_costs)
    assert entry.default_preset in entry.presets
    assert set(entry.weights) <= set(entry.presets)


def test_the_model_for_tests_is_offered_to_nobody():
    hidden = {name for name, entry in MODELS.items() if entry.hidden}
    assert hidden == {"identity"}
    for name in ("identiti", "zzzz"):
        with pytest.raises(UnknownNameError) as error:
            MODELS[name]
        assert "'identity'" not in str(error.value)
        assert "identity" not in str(error.value).split(";")[1]
