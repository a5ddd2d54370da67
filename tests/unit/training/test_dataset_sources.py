"""Datasets are trained on by their part for training alone."""

import pytest

from lowlight_cli.errors import SettingsError, UsageError, WeightsError
from lowlight_cli.training.config import DataSettings, PairSource, Source
from lowlight_cli.training.data_sources import load_pairs
from lowlight_cli.training.dataset_sources import with_datasets


@pytest.fixture
def lol(tmp_path, make_picture):
    """Two pairs to train on, one to test with, as LOL lies on disk."""
    for part, names in (("our485", ("115", "7")), ("eval15", ("1",))):
        for side in ("low", "high"):
            for name in names:
                make_picture(tmp_path / "LOLdataset" / part / side / f"{name}.png", (40, 36), seed=int(name))
    return tmp_path


def test_weights_are_read_from_text(tmp_path):
    settings = DataSettings(photos=("a=0.3", tmp_path), pairs="p=2")
    assert settings.photos == (Source(folder="a", weight=0.3), Source(folder=tmp_path))
    assert settings.pairs == (PairSource(low="p/low", high="p/high", weight=2),)
    again = DataSettings.model_validate(settings.model_dump(mode="json"))
    assert again == settings


def test_a_folder_of_inputs_and_targets_has_pairs(tmp_path):
    for half in ("input", "target"):
        (tmp_path / "p" / half).mkdir(parents=True)
    (source,) = DataSettings(pairs=f"{tmp_path / 'p'}=2").pairs
    assert source == PairSource(low=tmp_path / "p" / "input", high=tmp_path / "p" / "target", weight=2)


def test_a_folder_with_such_a_name_is_meant_as_it_is(tmp_path):
    (tmp_path / "iso=100").mkdir()
    (source,) = DataSettings(photos=(str(tmp_path / "iso=100"),)).photos
    assert source.folder == tmp_path / "iso=100"
    assert source.weight is None


def test_a_data_set_brings_pairs_or_bright_pictures(lol):
    settings = DataSettings(datasets=("lolv1=0.5",), root=lol, held_out=("115",))
    paired = with_datasets(settings, paired=True)
    assert not paired.datasets
    assert not paired.photos
    train, held_out = load_pairs(paired, smallest=32)
    assert ([pair.name for pair in train], [pair.name for pair in held_out]) == (["7"], ["115"])
    assert train[0].origin.weight == 0.5
    bright = with_datasets(settings, paired=False)
    assert bright.photos == (Source(folder=lol / "LOLdataset" / "our485" / "high", weight=0.5),)


def test_tests_are_never_trained_on(lol):
    with pytest.raises(UsageError, match="DICM has no training part"):
        with_datasets(DataSettings(datasets=("DICM",), root=lol), paired=True)
    for folder in ("LOLdataset/eval15", "LOLdataset", "LOLdataset/eval15/high"):
        with pytest.raises(UsageError, match="test images of LOL; a test is never trained on"):
            with_datasets(DataSettings(photos=(lol / folder,), root=lol), paired=True)
    with pytest.raises(UsageError, match="never trained on"):
        with_datasets(DataSettings(pairs=(lol / "LOLdataset" / "eval15",), root=lol), paired=True)
    with pytest.raises(UsageError, match="never trained on"):
        with_datasets(
            DataSettings(
                photos=(lol / "LOLdataset" / "our485",), val=(lol / "LOLdataset" / "eval15",), root=lol
            ),
            paired=True,
        )
    allowed = DataSettings(photos=(lol,), root=lol, exclude=("eval15",))
    assert with_datasets(allowed, paired=True) == allowed


def test_a_missing_data_set_says_where_it_is_expected(tmp_path):
    with pytest.raises(WeightsError, match="our485"):
        with_datasets(DataSettings(datasets=("LOL",), root=tmp_path), paired=True)


def test_shares_must_leave_something_for_the_others():
    with pytest.raises(SettingsError, match=r"shares of photos sum to 1.2"):
        with_datasets(DataSettings(photos=("a=0.7", "b=0.5", "c")), paired=True)
    with_datasets(DataSettings(photos=("a=0.7", "b=0.5")), paired=True)


def test_a_picture_without_partner_is_named_with_the_others(tmp_path, make_picture):
    for side, names in (("low", ("a", "b")), ("high", ("a", "c"))):
        for name in names:
            make_picture(tmp_path / side / f"{name}.png", (40, 36))
    make_picture(tmp_path / "low" / "a.png", (41, 36))
    with pytest.raises(WeightsError) as caught:
        load_pairs(DataSettings(pairs=(tmp_path,)), smallest=32)
    text = str(caught.value)
    assert "3 problems in the data to train on" in text
    assert "b.png" in text
    assert "c.png" in text
    assert "differ in size: 41x36 and 40x36" in text
