"""``lle report`` on folders whose images replaced their originals: they are not compared with themselves."""

import json

import pytest

from tests.cli.run_records import add_entries, entry_of, failed_entry

WHY = (
    "1 image was enhanced in place: its original was replaced, so brightness before and comparisons cannot be"
)


@pytest.fixture
def replaced(enhance, make_picture, tmp_path):
    """A folder with one image that was enhanced in place."""
    make_picture(tmp_path / "photos" / "a.jpg")
    enhance(tmp_path / "photos", "--in-place", "--backup-dir", tmp_path / "kept", "--yes")
    return tmp_path / "photos"


@pytest.mark.parametrize("option", [None, "--report", "--compare", "--contact-sheet"])
def test_originals_that_were_replaced_cannot_be_reported(run_lle, replaced, tmp_path, option):
    target = tmp_path / ("pairs" if option == "--compare" else "run.md" if option == "--report" else "a.png")
    run = run_lle("report", replaced, *((option, target) if option else ()))
    assert (run.code, run.out) == (2, "")
    assert WHY in run.err
    assert len(run.err.splitlines()) == 1
    assert not target.exists()


def test_a_folder_under_another_name_is_recognized(run_lle, replaced, tmp_path):
    try:
        (tmp_path / "link").symlink_to(replaced)
    except OSError:
        pytest.skip("no symbolic links")
    assert run_lle("report", tmp_path / "link").code == 2


def test_other_images_are_reported_all_the_same(run_lle, run_folder, tmp_path):
    out = run_folder(["a.jpg", "b.jpg"])
    add_entries(out, entry_of("a.jpg", out / "a.jpg"), failed_entry("bad.jpg"))
    run = run_lle("report", out, "-f", "json", "--absolute")
    assert run.code == 0
    assert WHY in run.err
    names = [image["name"].rsplit("/", 1)[1] for image in json.loads(run.out)["images"]]
    assert sorted(names) == ["b.jpg", "bad.jpg"]
    run = run_lle("report", out, "--compare", tmp_path / "pairs")
    assert [path.name for path in (tmp_path / "pairs").iterdir()] == ["b_compare.jpg"]


def test_an_image_left_as_it_was_is_not_compared_with_itself(run_lle, enhance, make_picture, tmp_path):
    make_picture(tmp_path / "photos" / "a.jpg")
    options = ("--in-place", "--backup-dir", tmp_path / "kept", "--yes", "--only-dark", "0.001")
    assert enhance(tmp_path / "photos", *options).code == 0
    (image,) = json.loads(run_lle("report", tmp_path / "photos", "-f", "json").out)["images"]
    assert (image["status"], image["luma_before"]) == ("skipped", None)
