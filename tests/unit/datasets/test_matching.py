import pytest

from lowlight_cli.datasets.layouts import LOW_NORMAL
from lowlight_cli.datasets.matching import listed, match, pictures_below
from lowlight_cli.errors import UsageError


@pytest.fixture
def folders(tmp_path):
    """Two folders, filled by name; what is in the files does not matter here."""

    def fill(pictures, references):
        for side, names in (("pictures", pictures), ("references", references)):
            for name in names:
                (tmp_path / side / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / side / name).touch()
        return tmp_path / "pictures", tmp_path / "references"

    return fill


def found(matching):
    return {(each.name, each.picture.name, each.reference.name) for each in matching.partners}


def codes(matching):
    return {(problem.code, problem.path.name) for problem in matching.problems}


def test_equal_names_are_partners_whatever_their_format_and_case(folders):
    matching = match(*folders(["A.png", "b.jpg"], ["a.PNG", "b.png"]))
    assert found(matching) == {("a", "A.png", "a.PNG"), ("b", "b.jpg", "b.png")}
    assert (matching.problems, matching.expected) == ((), 2)


def test_folders_inside_count_as_part_of_the_name(folders):
    matching = match(*folders(["1/a.png", "2/a.png"], ["1/a.png", "2/a.png"]))
    assert [each.name for each in matching.partners] == ["1/a", "2/a"]


def test_the_names_of_lol_v2_differ_in_their_first_word(folders):
    sides = folders(["low00690.png"], ["normal00690.png"])
    assert found(match(*sides, ignored=LOW_NORMAL)) == {("normal00690", "low00690.png", "normal00690.png")}
    assert codes(match(*sides)) == {("extra", "low00690.png"), ("missing", "normal00690.png")}


def test_missing_and_extra_pictures_are_named_and_others_keep_their_partners(folders):
    matching = match(*folders(["2.png", "3.png", "9.png"], ["1.png", "2.png", "3.png"]))
    assert found(matching) == {("2", "2.png", "2.png"), ("3", "3.png", "3.png")}
    assert codes(matching) == {("missing", "1.png"), ("extra", "9.png")}
    assert matching.expected == 3


def test_two_files_of_one_name_are_not_chosen_between(folders):
    matching = match(*folders(["1.png", "1.jpg", "2.png"], ["1.png", "2.png"]))
    assert found(matching) == {("2", "2.png", "2.png")}
    assert [problem.code for problem in matching.problems] == ["conflict"]
    assert matching.expected == 2


def test_order_pairs_by_place_and_only_equal_counts(folders):
    sides = folders(["x1.png", "x2.png"], ["y1.png", "y2.png"])
    assert found(match(*sides, by="order")) == {("y1", "x1.png", "y1.png"), ("y2", "x2.png", "y2.png")}
    (sides[0] / "x3.png").touch()
    with pytest.raises(UsageError, match=r"3 in .*, 2 in"):
        match(*sides, by="order")


def test_without_references_each_picture_stands_alone(folders):
    pictures, _ = folders(["1.png", "2.png"], [])
    assert [(each.name, each.reference) for each in match(pictures, None).partners] == [
        ("1", None),
        ("2", None),
    ]


def test_hidden_files_and_other_files_are_passed_over(folders):
    pictures, _ = folders([".hidden.png", "a.png", "a.txt", "__MACOSX/a.png"], [])
    assert [path.name for path in pictures_below(pictures)] == ["a.png"]


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no such folder"):
        match(tmp_path / "nowhere", None)


def test_only_the_first_names_are_listed():
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdefg")) == "a, b, c, d, e and 2 more"
