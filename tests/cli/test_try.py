"""``lle try``: one photo with several settings on one sheet."""

import shlex

import numpy as np
import pytest
from PIL import Image

from tests.cli.run_records import picture_digests

SIZE = (600, 400)


@pytest.fixture
def try_lle(run_lle, tmp_path, monkeypatch):
    """Runs ``lle try`` with a model that changes nothing, in an empty folder."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return lambda *arguments: run_lle("try", "--model", "identity", "--device", "cpu", *arguments)


@pytest.fixture
def photo(make_picture, tmp_path):
    return make_picture(tmp_path / "photos" / "night.png", SIZE)


def sheet_of(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def holds(sheet, part):
    """How often a picture is on a sheet, pixel by pixel."""
    tall, wide = part.shape[:2]
    rows, columns = np.nonzero((sheet == part[0, 0]).all(-1))
    return sum(
        np.array_equal(sheet[row : row + tall, column : column + wide], part)
        for row, column in zip(rows, columns, strict=True)
    )


def test_a_sheet_shows_the_photo_and_a_part_of_it_at_full_size_for_each_value(try_lle, photo):
    run = try_lle(photo, "--strength", "0,1", "--crop", "300,200", "--crop-size", "120", "-o", "sheet.png")
    assert (run.code, run.out) == (0, "sheet.png\n")
    part = np.asarray(Image.open(photo))[160:240, 240:360]
    assert (
        holds(sheet_of("sheet.png"), part) == 3
    )  # the original and both strengths: this model changes nothing


def test_brighter_settings_give_brighter_images_and_the_original_comes_first(try_lle, photo):
    try_lle(photo, "--brightness", "0,2", "--crop-size", "0", "--size", "200", "-o", "sheet.png")
    sheet = sheet_of("sheet.png")
    original, dark, bright = (sheet[130:255, 45 + i * 224 : 235 + i * 224].mean() for i in range(3))
    assert dark < original < bright


def test_two_options_give_rows_and_columns(try_lle, photo):
    options = ("--crop-size", "0", "--size", "200")
    try_lle(photo, "--contrast", "0.5,1,1.5", "--brightness", "1,1.5", *options, "-o", "sheet.png")
    height, width = sheet_of("sheet.png").shape[:2]
    try_lle(photo, "--contrast", "0.5,1,1.5", "--brightness", "0.5,1,1.2,1.5", *options, "-o", "wide.png")
    tall, wide = sheet_of("wide.png").shape[:2]
    assert tall == height  # the original, and three rows of contrast
    assert wide > width


def test_the_commands_for_a_folder_are_printed_as_they_are_typed(try_lle, photo):
    run = try_lle(photo, "--contrast", "0.8,1.2", "--brightness", "1.5", "--crop-size", "0")
    assert run.out == "night_try.jpg\n"
    assert run.err.splitlines() == [
        "1 photo, 2 images to compute",
        "For all photos of a folder, one of:",
        "  lle enhance FOLDER -o OUT --contrast 0.8 --model identity --brightness 1.5",
        "  lle enhance FOLDER -o OUT --contrast 1.2 --model identity --brightness 1.5",
    ]


def test_models_that_take_no_reference_are_left_out(run_lle, photo, make_picture, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    day = make_picture(tmp_path / "day.png", (64, 64))
    run = run_lle("try", photo, "--reference", day, "--device", "cpu", "--size", "64", "--crop-size", "0")
    assert (run.code, run.out) == (0, "night_try.jpg\n")
    assert run.err.splitlines() == [
        "lle: warning: left out, as they do not support each option that was set: "
        "drgn, lw-drgn, glare, vqcnir",
        "1 photo, 1 image to compute",
        "For all photos of a folder, one of:",
        "  lle enhance FOLDER -o OUT --reference day.png",
    ]


@pytest.mark.parametrize("sheet", ["", "sheet.png", "Night [1].JPG", "sheets/night.png", "sheets/"])
def test_a_sheet_in_the_folder_of_its_photo_is_left_out_of_the_batch(
    try_lle, photo, run_lle, tmp_path, sheet
):
    (photo.parent / "sheets").mkdir()
    run = try_lle(photo, "-o", f"{photo.parent}/{sheet}", "--crop-size", "0")
    (command,) = [shlex.split(line) for line in run.err.splitlines() if "enhance" in line]
    words = command[command.index("--exclude") :]
    done = run_lle(
        "enhance", photo.parent, "-o", tmp_path / "out", "-m", "identity", "--device", "cpu", *words
    )
    assert done.code == 0
    assert [path.name for path in (tmp_path / "out").rglob("*.[jp]*g")] == ["night.png"]


def test_quiet_prints_the_sheet_and_nothing_else(try_lle, photo):
    run = try_lle(photo, "-q", "--crop-size", "0")
    assert (run.code, run.out, run.err) == (0, "night_try.jpg\n", "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--contrast", "0,1", "--brightness", "0,1", "--strength", "0,1"),
            "--contrast, --brightness, --strength have several values each; a sheet compares one or two",
        ),
        (
            ("--contrast", ",".join(f"{i / 20}" for i in range(37))),
            "37 images on one sheet, at most 36; name fewer values",
        ),
        (("--contrast", "1,3"), "'3' is not a number from 0 to 2"),
        (("--strength", "1,,"), "'' is not a number from 0 to 1"),
        (("--texture", "0,1"), "model 'identity' has no control 'texture'"),
        (("--crop", "600,0"), "--crop 600,0 lies outside of the photo, which has 600 x 400 pixels"),
        (("--crop", "here"), "'here' is no place; write it as X,Y in pixels"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_line(try_lle, photo, options, message):
    run = try_lle(photo, *options)
    assert (run.code, run.out) == (2, "")
    assert message in run.err
    assert not list(photo.parent.parent.glob("here/*"))


def test_values_of_a_repeated_option_add_up(try_lle, photo):
    run = try_lle(photo, "--contrast", "0.8", "--contrast", "1.2,0.8", "--crop-size", "0")
    assert run.err.count("--contrast") == 2


def test_only_an_unchanged_sheet_is_replaced(try_lle, photo, tmp_path):
    small = ("--crop-size", "0", "--size", "64")
    for name in ("night_try.jpg", "sheet.png"):
        target = tmp_path / "here" / name
        assert try_lle(photo, *small, "-o", target).code == 0
        before = target.read_bytes()
        assert try_lle(photo, *small, "-o", target, "--contrast", "0,2").code == 0
        assert target.read_bytes() != before
        with Image.open(target) as image:
            edited, info = image.copy(), image.info
        edited.putpixel((5, 5), (255, 0, 0))
        edited.save(target, comment=info["comment"])
        before = target.read_bytes()
        run = try_lle(photo, *small, "-o", target)
        assert (run.code, target.read_bytes()) == (2, before)
        assert "is not an unchanged sheet of lle try" in run.err
        assert try_lle(photo, *small, "-o", target, "--force").code == 0


def test_the_photo_is_never_replaced(try_lle, photo):
    before = picture_digests(photo.parent)
    run = try_lle(photo, "-o", photo, "--force")
    assert run.code == 2
    assert "would replace the image" in run.err
    assert picture_digests(photo.parent) == before


def test_several_photos_give_a_sheet_each(try_lle, make_picture, tmp_path):
    photos = [make_picture(tmp_path / "photos" / name) for name in ("a.png", "b.png", "b.jpg")]
    run = try_lle(*photos, "-o", "sheets")
    assert run.out.splitlines() == [f"sheets/{n}_try.jpg" for n in ("a", "b.png", "b.jpg")]
    run = try_lle(*photos, "-o", "sheet.jpg")
    assert run.code == 2
    assert "'sheet.jpg' is one sheet, but there are 3 photos; name a folder" in run.err


@pytest.mark.parametrize("name", ["sheet.webp", "sheet.gif", "sheet.tif", "sheet.xyz"])
def test_a_name_that_sheets_cannot_have_is_refused(try_lle, photo, name, tmp_path):
    run = try_lle(photo, "--contrast", "1,2", "--crop-size", "0", "-o", name)
    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"lle: error: '{name}' is no name for a sheet; use .jpg, .jpeg or .png, or '{name}/' for a folder\n"
    )
    assert not list((tmp_path / "here").iterdir())


def test_such_a_name_can_be_that_of_a_folder(try_lle, photo, make_picture, tmp_path):
    (tmp_path / "here" / "there.webp").mkdir()
    small = ("--crop-size", "0", "--size", "64", "-o")
    for name in ("there.webp", "new.webp/", "new.jpg/", "photos.v2"):
        assert try_lle(photo, *small, name).out == f"{name.rstrip('/')}/night_try.jpg\n"
    several = photo, make_picture(tmp_path / "photos" / "b.png")
    run = try_lle(*several, *small, "sheets.webp")
    assert (run.code, run.out) == (2, "")
    assert "'sheets.webp' names a file, but an output folder is needed; write 'sheets.webp/'" in run.err


def test_a_file_that_is_no_sheet_is_no_folder(try_lle, photo, tmp_path):
    for name in ("notes.txt", "notes"):
        (tmp_path / "here" / name).write_text("mine")
    run = try_lle(photo, "-o", "notes.txt")
    assert run.code == 2
    assert run.err == "lle: error: 'notes.txt' is no name for a sheet; use .jpg, .jpeg or .png\n"
    run = try_lle(photo, "-o", "notes")
    assert (run.code, run.err) == (2, "lle: error: 'notes' is a file, but an output folder is needed\n")


def test_a_photo_that_cannot_be_read_has_no_sheet(try_lle, photo, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(photo.read_bytes()[:200])
    run = try_lle(broken, photo, "--crop-size", "0")
    assert (run.code, run.out) == (3, "night_try.jpg\n")
    assert f"failed  {broken}  " in run.err
    run = try_lle(broken)
    assert (run.code, run.out) == (4, "")
    assert "lle enhance" not in run.err


@pytest.mark.parametrize(("name", "code"), [("missing.jpg", 2), ("photos", 2)])
def test_missing_photos_and_folders_are_refused(try_lle, photo, name, code):
    assert try_lle(photo.parents[1] / name).code == code


@pytest.mark.parametrize(
    "name", ["deep_16_bit.png", "transparent.png", "grey.png", "turned.jpg", "odd_size.png"]
)
def test_all_kinds_of_photos_are_shown(try_lle, root, name):
    photo = root / "sample_images" / name
    run = try_lle(photo, "--size", "128", "--crop-size", "0", "-o", "sheet.png")
    assert run.code == 0
    sheet = sheet_of("sheet.png")
    first, second = (sheet[130:160, 40 + 36 + 224 * i : 160 + 224 * i - 20] for i in range(2))
    assert first.std() > 0
    assert np.abs(first.astype(int) - second).max() <= 1
