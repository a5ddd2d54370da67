"""What ``lle enhance`` takes as input, and what results are called."""

import json
import os
import sys

import numpy as np
import pytest
from PIL import Image

from tests.unit.images.gif_bytes import Rectangle, gif


def test_patterns_that_no_shell_expanded_are_expanded(results, make_tree):
    folder = make_tree("a.png", "b.jpg", "c/d.png")
    assert results(folder / "*.png") == ["a.png"]
    assert results(folder / "**" / "*.png") == ["a.png", "d.png"]


def test_a_file_called_like_a_pattern_is_that_file(results, make_tree):
    folder = make_tree("[ab].png", "a.png")
    assert results(folder / "[ab].png", folder / "a.png") == ["[ab].png", "a.png"]


def test_a_pattern_without_match_is_a_mistake(enhance, make_tree, tmp_path):
    run = enhance(make_tree("a.png") / "*.jpg", "-o", tmp_path / "out")
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert "no such file or folder" in run.err


def test_relative_paths_of_a_list_are_mirrored(results, make_tree, tmp_path, monkeypatch):
    folder = make_tree("a.png", "b/c.png", "b/d.png")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list").write_text(f"in/a.png\n./in/b/c.png\n\n{folder}/b/d.png\n")
    assert results("--files-from", "list") == ["d.png", "in/a.png", "in/b/c.png"]


def test_what_follows_a_dot_between_slashes_is_mirrored(results, make_tree, tmp_path):
    folder = make_tree("a.png", "b/c.png")
    (tmp_path / "list").write_text(f"{folder}/./b/c.png\n{folder}/./a.png\n")
    assert results("--files-from", tmp_path / "list") == ["a.png", "b/c.png"]


def test_lists_with_nul_hold_any_name(results, make_tree, tmp_path):
    folder = make_tree("a\nb.png", " c.png", "caf\udce9.png")
    names = [os.fsencode(path) for path in folder.iterdir()]
    (tmp_path / "list").write_bytes(b"\0".join(names))
    assert results("--files-from", tmp_path / "list", "-0") == [" c.png", "a\nb.png", "caf\udce9.png"]


def test_a_file_that_is_missing_in_a_list_is_a_failure_of_its_own(enhance, make_tree, tmp_path):
    folder = make_tree("a.png")
    (tmp_path / "list").write_text(f"{folder}/gone.png\n{folder}/a.png\n")
    run = enhance("--files-from", tmp_path / "list", "-o", tmp_path / "out", "-q")
    assert run.code == 3
    assert run.err.startswith(f"failed  {folder}/gone.png  missing: no such file\n")
    assert (tmp_path / "out" / "a.png").exists()


def test_lines_of_a_list_that_start_with_a_hash_are_comments_unless_a_file_has_that_name(
    results, make_tree, tmp_path, monkeypatch
):
    make_tree("a.png", "# b.png")
    monkeypatch.chdir(tmp_path / "in")
    (tmp_path / "list").write_text("# pictures of May\na.png\n#\n# b.png\n")
    assert results("--files-from", tmp_path / "list") == ["# b.png", "a.png"]


def test_a_list_that_is_missing_is_a_mistake(enhance, tmp_path):
    run = enhance("--files-from", tmp_path / "list", "-o", tmp_path / "out")
    assert run.code == 2
    assert "--files-from" in run.err


def test_files_of_folders_are_chosen_by_patterns(results, make_tree):
    folder = make_tree("IMG_1.JPG", "IMG_2.png", "small/IMG_3.png", "other/IMG_4.png")
    names = results(folder, "--include", "img_*.png", "--exclude", "small")
    assert names == ["IMG_2.png", "other/IMG_4.png"]


def test_hidden_pictures_are_taken_on_request_but_never_junk(results, make_tree):
    folder = make_tree(".a.png", "._b.png", ".c/d.png", "@eaDir/e.png", ".lle/f.png")
    assert results(folder, "--hidden") == [".a.png", ".c/d.png"]


def test_links_in_circles_end(enhance, make_tree, tmp_path):
    folder = make_tree("a.png", "b/c.png")
    (folder / "b" / "up").symlink_to(folder)
    (tmp_path / "far").mkdir()
    (folder / "a.png").rename(tmp_path / "far" / "z.png")
    (folder / "link").symlink_to(tmp_path / "far")
    run = enhance(folder, "-o", tmp_path / "out", "--follow-symlinks")
    assert run.code == 0
    assert (tmp_path / "out" / "link" / "z.png").exists()
    assert run.err.count("is a link to a folder that was already searched") == 1
    assert "2 enhanced" in run.err


def test_sizes_can_be_given_with_letters(enhance, make_tree, tmp_path):
    folder = make_tree("a.png")
    assert enhance(folder, "-o", tmp_path / "1", "--max-pixels", "0.04k", "-q").err.count("too_large") == 1
    assert enhance(folder, "-o", tmp_path / "2", "--max-pixels", "1M", "--min-free", "1k").code == 0
    assert enhance(folder, "-o", tmp_path / "3", "--max-pixels", "many").code == 2
    assert enhance(folder, "-o", tmp_path / "4", "--flatten", "darkish").code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no input"),
        (["-"], "no output given for the image from stdin; add -o FILE, or -o - for stdout"),
        (["in/a.png", "in"], "no output given, and the inputs are in several folders; add -o FOLDER"),
        (["--files-from", "in/list.txt"], "no output given; add -o FOLDER"),
        (["in/a.png", "--name", "{n}"], "--name is for output folders; add -o FOLDER"),
        (["in", "-o", "new.jpg"], "'new.jpg' names a file, but an output folder is needed"),
        (["in", "-o", "new.heic"], "'new.heic' names a file"),
        (["in/a.png", "-o", "in/list.txt/"], "is a file, but an output folder is needed"),
        (["in", "-o", "in/a.png"], "'in/a.png' is a file, but an output folder is needed"),
        (["in/a.png", "-o", "b.heic"], "HEIC is not written; use jpg, png, tiff, webp, avif or gif"),
        (["in/a.png", "-o", "b.NEF"], "NEF is not written; use jpg, png"),
        (["in/a.png", "-o", "b.bmp"], "BMP is not written; use jpg, png"),
        (["in/a.png", "-o", "b.xyz"], "cannot tell the format of 'b.xyz'; use .jpg, .png"),
        (["https://example.org/a.jpg", "-o", "out"], "addresses are not fetched: curl -s https://example"),
        (["in", "-o", "out", "--json", "--print", "paths"], "exclude each other: both write to stdout"),
        (["in/a.png", "-o", "-", "--json"], "--out - and --json exclude each other"),
        (["in", "-o", "-"], "takes a single image"),
        (["-", "-o", "out/"], "needs an output file"),
        (["-", "--files-from", "-", "-o", "out"], "'-' is given twice"),
        (["in/a.png", "-o", "b.png", "--suffix", "x"], "--suffix and --name are for output folders"),
        (["in", "-o", "out", "--no-backup"], "--no-backup is for --in-place only"),
        (["in", "-o", "out", "--report", "run.pdf"], "use the extension .html"),
        (["in/a.png", "-o", "-", "--report", "run.md"], "--report needs"),
        (["in", "--in-place", "-o", "out"], "--in-place and --out exclude each other"),
        (["in", "--in-place"], "needs either --backup-dir or --no-backup"),
        (["in", "--in-place", "--no-backup"], "use --yes where no question can be asked"),
        (["in", "--in-place", "--no-backup", "--yes", "-f", "png"], "--in-place keeps names"),
        (["in", "--in-place", "--no-backup", "--yes", "--on-exist", "rename"], "exclude each other"),
    ],
)
def test_options_that_contradict_each_other(enhance, make_tree, tmp_path, monkeypatch, arguments, words):
    (make_tree("a.png") / "list.txt").write_text("in/a.png\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", _Stdin())
    monkeypatch.setitem(sys.modules, "lowlight_cli.pipeline.model_setup", None)  # nothing may be loaded
    run = enhance(*arguments)
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert words in run.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


class _Stdin:
    """An empty pipe."""

    def __init__(self):
        import io

        self.buffer = io.BytesIO()

    def isatty(self):
        return False


def test_a_lone_input_that_is_no_image_is_a_mistake(enhance, make_picture, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("notes")
    run = enhance(notes, "-o", tmp_path / "out")
    assert (run.code, run.err) == (2, f"lle: error: '{notes}' is not an image\n")
    assert not (tmp_path / "out").exists()
    photo = make_picture(tmp_path / "a.png").rename(tmp_path / "photo.dat")
    assert enhance(photo, "-o", tmp_path / "b.png").code == 0
    among_others = enhance(notes, tmp_path / "b.png", "-o", tmp_path / "out")
    assert (among_others.code, (tmp_path / "out" / "b.png").exists()) == (3, True)


def test_brightness_can_be_a_percentage(enhance, make_tree, tmp_path):
    folder = make_tree("a.png")
    Image.new("RGB", (8, 6), (128, 128, 128)).save(folder / "gray.png")
    for number, (value, skipped) in enumerate((("40%", 1), ("0.4", 1), ("60 %", 0), ("60%", 0))):
        run = enhance(folder, "-o", tmp_path / str(number), "--only-dark", value, "--json")
        assert json.loads(run.out.splitlines()[-1])["skipped"] == skipped
    for value in ("140%", "-1", "half", "40%%", "nan"):
        assert enhance(folder, "-o", tmp_path / "out", "--only-dark", value).code == 2


def test_lists_may_come_from_windows(folder, results, tmp_path):
    paths = [os.fsencode(folder / name) for name in ("a.png", "b/c.png")]
    (tmp_path / "list").write_bytes(b"\xef\xbb\xbf" + b"".join(path + b"\r\n" for path in paths))
    assert results("--files-from", tmp_path / "list") == ["a.png", "c.png"]


def test_files_in_a_folder_that_is_given_twice_are_counted_once(enhance, folder, tmp_path):
    for words in ([folder, folder], [folder, f"{folder}/."]):
        run = enhance(*words, "-o", tmp_path / "out", "--json")
        end = json.loads(run.out.splitlines()[-1])
        assert (end["ignored"], end["inputs"]) == (1, 4)


def test_nul_without_a_list_is_refused(enhance, folder, tmp_path):
    run = enhance(folder, "-o", tmp_path / "out", "-0")
    assert (run.code, run.out) == (2, "")
    assert "--files-from" in run.err
    assert enhance(folder, "-o", tmp_path / "out", "-0", "--print", "paths").out.count("\0") == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--flatten", "nocolour"), "Invalid value for '--flatten': 'nocolour' is not a color"),
        (("--precision", "fp8"), "'--precision': 'fp8' is not one of 'auto', 'fp32', 'tf32', 'bf16', 'fp16'"),
    ],
)
def test_a_wrong_value_names_its_option_and_the_choices(enhance, folder, tmp_path, words, message):
    run = enhance(folder, "-o", tmp_path / "out", *words)
    assert (run.code, run.out) == (2, "")
    assert message in run.err


def test_the_first_picture_of_an_mpo_in_a_folder_is_enhanced(enhance, tmp_path):
    pictures = [Image.new("RGB", (24, 16), color) for color in ((20, 40, 60), (90, 10, 10))]
    (tmp_path / "in").mkdir()
    pictures[0].save(tmp_path / "in" / "a.MPO", "MPO", save_all=True, append_images=pictures[1:])
    pictures[1].save(tmp_path / "in" / "a.JPG")
    assert enhance(tmp_path / "in", "-o", tmp_path / "out").code == 0
    with Image.open(tmp_path / "out" / "a.MPO") as result:
        assert (result.format, result.size) == ("JPEG", (24, 16))
        assert np.abs(np.array(result).astype(int) - (20, 40, 60)).max() <= 3


def test_gif_frames_beyond_the_screen_cost_no_picture(enhance, make_picture, tmp_path):
    frames = [Rectangle(np.full((16, 24), shade, np.uint8), left=8 * shade) for shade in range(3)]
    make_picture(tmp_path / "in" / "z.png")
    (tmp_path / "in" / "a.gif").write_bytes(gif(24, 16, *frames, loop=1))
    assert enhance(tmp_path / "in", "-o", tmp_path / "out").code == 0
    with Image.open(tmp_path / "out" / "a.gif") as result:
        assert (result.size, result.n_frames, result.info["loop"]) == ((24, 16), 3, 1)
    assert (tmp_path / "out" / "z.png").exists()
