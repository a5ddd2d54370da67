"""What must hold for every dataset of the catalog, in each of its layouts."""

import re

import pytest

from lowlight_cli.datasets.catalog import DATASETS, find_dataset
from lowlight_cli.datasets.check import check_folders
from lowlight_cli.datasets.locate import data_roots, expected_trees, locate
from lowlight_cli.errors import UnknownNameError, WeightsError

EVERY_SPLIT = [
    pytest.param(entry, split, id=f"{entry.name}-{split}")
    for entry in DATASETS.values()
    for split in entry.splits
]
NAMES = {
    "LOL",
    "LOLv2-real",
    "LOLv2-syn",
    "LSRW-Huawei",
    "LSRW-Nikon",
    "FiveK",
    "SynLL",
    "SICE",
    "LOL-Blur",
    "Real-LOL-Blur",
    "LOL1000",
    "ELIEI",
    "Test148",
    "VOC144",
    "COCO1000",
    "ExDark",
    "DICM",
    "LIME",
    "MEF",
    "NPE",
    "VV",
    "Real63",
}


def test_the_data_sets_of_the_papers_are_there():
    assert set(DATASETS) == NAMES
    assert sum(1 for entry in DATASETS.values() for split in entry.splits for _ in entry.places(split)) > 100


@pytest.mark.parametrize(("entry", "split"), EVERY_SPLIT)
def test_a_tree_of_each_layout_is_found_and_whole(entry, split, make_picture, tmp_path):
    dark, bright = (make_picture(tmp_path / f"{seed}.png", (4, 4), seed=seed).read_bytes() for seed in (1, 2))
    for number, place in enumerate(entry.places(split)):
        root = tmp_path / str(number)
        names = ("low00001.png", "normal00001.png") if place.ignored else ("a/1.png", "a/1.jpg")
        _write(root / place.low / names[0], dark)
        if place.high:
            _write(root / place.high / names[1], bright)
        found = locate(entry, split, data_roots(root))
        assert found.low.samefile(root / place.low)
        assert (found.high is None) == (place.high is None)
        condition = check_folders(found.low, found.high, ignored=found.ignored)
        assert (condition.pairs, condition.problems, condition.repeats) == (1, (), ())


@pytest.mark.parametrize("entry", DATASETS.values(), ids=lambda entry: entry.name)
def test_a_data_set_that_is_missing_says_what_is_expected(entry, tmp_path):
    with pytest.raises(WeightsError) as missing:
        locate(entry, None, data_roots(tmp_path))
    text = str(missing.value)
    assert entry.home in text
    assert all(tree in text for tree in expected_trees(entry, entry.default_split))


@pytest.mark.parametrize("entry", DATASETS.values(), ids=lambda entry: entry.name)
def test_each_entry_says_where_it_comes_from(entry):
    assert entry.summary.endswith(".")
    assert entry.licence
    assert re.match(r"https?://", entry.home)
    assert all(size > 0 for split in entry.splits.values() for size in split.sizes)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("lol", "LOL"), ("LOL-v1", "LOL"), ("lolv2 REAL", "LOLv2-real"), ("LOL-v2-Synthetic", "LOLv2-syn")],
)
def test_names_are_understood_in_other_spellings(spelling, name):
    assert find_dataset(spelling).name == name


def test_no_spelling_stands_for_two_data_sets():
    words = [word for entry in DATASETS.values() for word in {entry.name, *entry.aliases}]
    plain = [re.sub("[ _-]", "", word).casefold() for word in words]
    owners = {find_dataset(word).name for word in words}
    assert owners == set(DATASETS)
    assert len(set(plain)) >= len(DATASETS)


def test_an_unknown_name_proposes_the_nearest():
    with pytest.raises(UnknownNameError, match="LSRW-Huawei"):
        find_dataset("LSRW-Huawai")


def test_folders_are_found_whatever_their_case(make_picture, tmp_path):
    make_picture(tmp_path / "lolv2" / "real_captured" / "TEST" / "low" / "low1.png")
    make_picture(tmp_path / "lolv2" / "real_captured" / "TEST" / "normal" / "normal1.png")
    assert locate(DATASETS["LOLv2-real"], "test", data_roots(tmp_path)).low.name.casefold() == "low"


def test_roots_come_from_the_option_the_environment_and_the_usual_place(monkeypatch, tmp_path):
    assert data_roots(tmp_path) == (tmp_path,)
    monkeypatch.setenv("LLE_DATA_ROOT", f"{tmp_path}/a:{tmp_path}/b")
    assert [str(root) for root in data_roots()] == [f"{tmp_path}/a", f"{tmp_path}/b", "datasets"]


def _write(path, content):
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
