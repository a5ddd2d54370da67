"""``lle enhance`` without ``-o``: results go beside their inputs, and are not inputs of the next run."""

import pytest

from lowlight_cli.errors import ImageError
from lowlight_cli.pipeline import encode_behind
from tests.cli.outcomes import digests


@pytest.fixture
def here(folder, tmp_path, monkeypatch):
    """A folder ``in`` in the current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _names(folder):
    paths = (path for path in folder.rglob("*") if path.is_file() and ".lle" not in path.parts)
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def test_the_result_of_a_file_goes_beside_it(enhance, here):
    before = digests(here / "in")
    run = enhance("in/a.png")
    assert run.code == 0
    assert "1 enhanced: in/a_enhanced.png  " in run.err
    assert _names(here / "in") == ["a.png", "a_enhanced.png", "b/c.png", "b/d/e.jpg", "notes.txt"]
    assert "0 enhanced: in/a_enhanced.png · 1 unchanged" in enhance("in/a.png").err
    assert before.items() <= digests(here / "in").items()


def test_the_results_of_a_folder_go_into_a_folder_beside_it(enhance, here):
    before = digests(here / "in")
    assert "3 enhanced in in_enhanced/ · 1 other file ignored" in enhance("in").err
    assert _names(here / "in_enhanced") == ["a.png", "b/c.png", "b/d/e.jpg"]
    assert "0 enhanced in in_enhanced/ · 3 unchanged" in enhance("in/").err
    assert digests(here / "in") == before


def test_the_current_folder_has_a_name_too(enhance, here, monkeypatch):
    monkeypatch.chdir(here / "in")
    assert "3 enhanced in ../in_enhanced/" in enhance(".").err
    monkeypatch.chdir(here / "in" / "b")
    assert "0 enhanced in ../../in_enhanced/ · 3 unchanged" in enhance("..").err


def test_results_of_several_files_are_not_enhanced_again(enhance, make_picture, here):
    make_picture(here / "in" / "f.png", seed=3)
    assert "2 enhanced in in/" in enhance("in/*.png").err
    before = digests(here / "in")
    run = enhance("in/*.png")
    assert run.err == "0 enhanced in in/ · 2 unchanged · 2 other files ignored\n"
    assert digests(here / "in") == before
    make_picture(here / "in" / "g.png", seed=4)
    assert "1 enhanced in in/ · 2 unchanged" in enhance("in/*.png").err


def test_results_beside_files_are_no_inputs_of_their_folder(enhance, here):
    assert enhance("in/a.png").code == enhance("in/b").code == 0
    assert enhance("in").code == 0
    assert _names(here / "in_enhanced") == ["a.png", "b/c.png", "b/d/e.jpg"]


@pytest.mark.parametrize("name", ["in/a_enhanced.png", "in_enhanced"])
def test_a_result_alone_is_refused(enhance, here, name):
    assert enhance("in/a.png").code == enhance("in").code == 0
    before = digests(here)
    run = enhance(name)
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert f"'{name}'" in run.err
    assert "add -o FOLDER" in run.err
    assert digests(here) == before
    assert enhance(name, "-o", "again").code == 0


def test_a_file_that_has_the_name_of_a_result_is_left_alone(enhance, make_picture, here):
    mine = make_picture(here / "in" / "a_enhanced.png", seed=9)
    before = mine.read_bytes()
    run = enhance("in/a.png")
    assert (run.code, mine.read_bytes()) == (3, before)
    assert "1 output already exists. Replace it: --on-exist overwrite" in run.err


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_another_name_of_the_original_is_no_place_for_its_result(enhance, here, link):
    getattr(here / "in" / "a_enhanced.png", link)(here / "in" / "a.png")
    before = digests(here)
    for words in (["in/a.png"], ["in/a.png", "--on-exist", "overwrite"]):
        run = enhance(*words)
        assert (run.code, "would replace the input" in run.err) == (2, True)
    assert digests(here) == before


def test_a_suffix_and_a_format_change_the_name_beside_the_input(enhance, here):
    for _ in range(2):
        assert enhance("in/*.png", "--suffix", "_b", "-f", "webp").code == 0
    assert "a_b.webp" in _names(here / "in")
    run = enhance("in/a.png", "in/a_b.webp", "--suffix", "_b", "-f", "webp")
    assert "1 unchanged · 1 other file ignored" in run.err


def test_two_inputs_for_one_name_are_refused(enhance, make_picture, here):
    make_picture(here / "in" / "a.jpg")
    run = enhance("in/a.png", "in/a.jpg", "-f", "png")
    assert run.code == 2
    assert "would both be written to 'in/a_enhanced.png'" in run.err


def test_what_failed_beside_its_input_is_tried_by_the_same_command(enhance, here, monkeypatch):
    def fail(*_args, **_options):
        raise ImageError("write", "cannot be written")

    monkeypatch.setattr(encode_behind, "replace_file", fail)
    run = enhance("in/a.png")
    assert run.code == 4
    assert run.err.splitlines()[-1] == "retry:  lle enhance in/a.png --model identity --device cpu"
