"""What the outputs of ``lle enhance`` are called."""

import os
import time

import pytest
from PIL import Image

from lowlight_cli.pipeline import naming


def test_names_follow_a_template(results, make_tree):
    folder = make_tree("night/a.png", "b.JPG")
    names = results(
        folder, "--name", "{parent}/{n:03}-{stem}{suffix}.{model}{ext}", "--suffix", "_x", "-f", "webp"
    )
    assert names == ["in/001-b_x.identity.webp", "night/night/002-a_x.identity.webp"]


def test_the_extension_is_added_to_a_template_without_one(results, make_tree):
    assert results(make_tree("a.png", "b.JPG"), "--name", "{stem}_x") == ["a_x.png", "b_x.JPG"]


def test_names_can_have_the_date_of_the_photo(results, make_picture, tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[36867] = "2024:05:01 22:10:09"
    make_picture(tmp_path / "in" / "a.jpg", exif=exif)
    os.utime(make_picture(tmp_path / "in" / "b.png"), (time.mktime((2023, 1, 2, 3, 4, 5, 0, 0, -1)),) * 2)
    names = results(tmp_path / "in", "--name", "{date:%Y}/{date}_{time}_{stem}")
    assert names == ["2023/2023-01-02_030405_b.png", "2024/2024-05-01_221009_a.jpg"]


def test_only_a_template_with_a_date_opens_the_photos_to_name_them(enhance, make_tree, tmp_path, monkeypatch):
    folder = make_tree("a.png")
    monkeypatch.setattr(naming, "taken_at", lambda path: pytest.fail(f"{path} was opened"))
    plain = enhance(folder, "-o", tmp_path / "out", "--name", "{n}_{stem}", "-n")
    assert plain.code == 0
    assert "was opened" in enhance(folder, "-o", tmp_path / "out", "--name", "{date}_{stem}", "-n").err


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{stam}{ext}", "unknown placeholder '{stam}'"),
        ("{ext}{stem}", "must end in {ext}"),
        ("{time:%H}", "Invalid format specifier"),
        ("{date:%Y/../../..}{ext}", "leads out of the output folder"),
        ("../{stem}{ext}", "leads out of the output folder"),
        ("/{stem}{ext}", "leads out of the output folder"),
        ("{stem", "--name"),
        ("{stem.__class__}{ext}", "unknown placeholder"),
    ],
)
def test_templates_that_give_no_names_are_refused(enhance, make_tree, tmp_path, template, words):
    run = enhance(make_tree("a.png"), "-o", tmp_path / "out", "--name", template)
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert words in run.err


def test_clashes_name_both_inputs(enhance, make_tree, tmp_path):
    folder = make_tree("1/x.png", "2/X.png")
    run = enhance(folder / "1" / "x.png", folder / "2" / "X.png", "-o", tmp_path / "out")
    assert run.code == 2
    assert f"'{folder}/1/x.png' and '{folder}/2/X.png' would both be written" in run.err


@pytest.mark.parametrize("out", ["out", "2026.11", "photos.v2", "new.xyz/"])
def test_a_name_without_the_ending_of_a_file_is_a_folder(enhance, make_tree, tmp_path, monkeypatch, out):
    make_tree("a.png")
    monkeypatch.chdir(tmp_path)
    assert enhance("in/a.png", "-o", out).code == 0
    assert (tmp_path / out / "a.png").is_file()


def test_a_file_without_an_image_extension_is_no_output_folder(enhance, make_tree, tmp_path):
    (tmp_path / "out").write_text("mine")
    run = enhance(make_tree("a.png") / "a.png", "-o", tmp_path / "out")
    assert (run.code, (tmp_path / "out").read_text()) == (2, "mine")
    assert "out' is a file" in run.err


@pytest.mark.parametrize(("name", "saved"), [("jpeg", "jpg"), ("tif", "tiff")])
def test_formats_have_their_other_usual_names(results, make_tree, name, saved):
    assert results(make_tree("a.png"), "-f", name) == [f"a.{saved}"]
