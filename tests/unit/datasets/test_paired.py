import re

import pytest
from PIL import Image

from lowlight_cli.datasets.paired import find_pairs
from lowlight_cli.errors import UsageError, WeightsError


@pytest.fixture
def folders(tmp_path):
    low, high = tmp_path / "low", tmp_path / "high"
    low.mkdir()
    high.mkdir()
    return low, high


def save(path, size=(4, 3)):
    Image.new("RGB", size).save(path)


def test_files_of_one_name_are_a_pair_whatever_their_format(folders):
    low, high = folders
    for name in ("b", "a"):
        save(low / f"{name}.png")
        save(high / f"{name}.webp")
    (low / "notes.txt").touch()
    pairs = find_pairs(low, high)
    assert [pair.name for pair in pairs] == ["a", "b"]
    assert (pairs[0].low, pairs[0].high) == (low / "a.png", high / "a.webp")


@pytest.mark.parametrize("lonely", ["low", "high"])
def test_a_picture_without_partner_is_named(folders, lonely):
    low, high = folders
    save(low / "both.png")
    save(high / "both.png")
    save((low if lonely == "low" else high) / "alone.png")
    with pytest.raises(WeightsError, match="no partner for alone"):
        find_pairs(low, high)


def test_partners_of_different_size_are_listed(folders):
    low, high = folders
    for index in range(7):
        save(low / f"{index}.png", (4, 3))
        save(high / f"{index}.png", (3, 4))
    with pytest.raises(WeightsError, match=re.escape("0 (4x3 and 3x4)") + ".* and 2 more"):
        find_pairs(low, high)


def test_two_files_of_one_name_are_refused(folders):
    low, high = folders
    save(low / "a.png")
    save(low / "a.jpg")
    with pytest.raises(UsageError, match="same name"):
        find_pairs(low, high)


def test_empty_folders_are_refused(folders):
    with pytest.raises(WeightsError, match="no pictures in"):
        find_pairs(*folders)


def test_a_missing_folder_is_refused(folders, tmp_path):
    with pytest.raises(UsageError, match="is not a folder"):
        find_pairs(folders[0], tmp_path / "nowhere")


def test_a_file_that_is_no_picture_is_named(folders):
    low, high = folders
    (low / "a.png").write_text("no")
    (high / "a.png").write_text("no")
    with pytest.raises(WeightsError, match="cannot be read as a picture"):
        find_pairs(low, high)
