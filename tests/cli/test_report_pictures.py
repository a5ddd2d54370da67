"""``lle report``: comparisons and contact sheets."""

import numpy as np
import pytest
from PIL import Image

from tests.cli.run_records import add_entries, entry_of, picture_digests, save_photo
from tests.conftest import dark_pixels


def test_comparisons_show_both_sides_over_a_caption(run_lle, run_folder, tmp_path):
    out = run_folder(["a/x.png", "y.jpg", "y.png"], size=(300, 200))
    pairs = tmp_path / "pairs"
    run = run_lle("report", out, "--compare", pairs)
    assert (run.code, run.out, run.err) == (0, "", f"3 comparisons in {pairs}\n")
    found = sorted(path.relative_to(pairs).as_posix() for path in pairs.rglob("*.jpg"))
    assert found == ["a/x_compare.jpg", "y.jpg_compare.jpg", "y.png_compare.jpg"]
    strip = np.asarray(Image.open(pairs / "a/x_compare.jpg").convert("RGB")).astype(int)
    original = np.asarray(Image.open(tmp_path / "in" / "a/x.png"))
    result = np.asarray(Image.open(out / "a/x.png"))
    assert strip.shape[1] == 604
    assert np.abs(strip[:200, :298] - original[:, :298]).mean() < 6
    assert np.abs(strip[:200, -298:] - result[:, -298:]).mean() < 6
    assert strip[:200, 301].min() > 200
    assert strip[205:].max() > 150


def test_comparisons_of_long_names_stay_apart(run_lle, run_folder, tmp_path):
    out = run_folder([f"{'夜' * 83}{i}.jpg" for i in range(2)])
    run = run_lle("report", out, "--compare", tmp_path / "pairs")
    assert (run.code, run.err) == (0, f"2 comparisons in {tmp_path}/pairs\n")
    assert len(list((tmp_path / "pairs").glob("夜*_compare.jpg"))) == 2


@pytest.mark.parametrize(
    ("style", "size", "axis"),
    [("side", (1200, 100), 0), ("stack", (100, 1200), 1), ("split", (2400, 120), 0)],
)
def test_comparisons_are_at_most_2048_pixels_long(run_lle, run_folder, tmp_path, style, size, axis):
    out = run_folder(["x.jpg"], size=size)
    run_lle("report", out, "--compare", tmp_path / "pairs", "--compare-style", style)
    with Image.open(tmp_path / "pairs" / "x_compare.jpg") as strip:
        length = strip.size[axis]
    caption = 36 if axis == 1 else 0
    assert 2040 <= length - caption <= 2048


@pytest.mark.parametrize(("count", "sheets"), [(3, ["sheet.jpg"]), (61, ["sheet-01.jpg", "sheet-02.jpg"])])
def test_contact_sheets_hold_sixty_pairs_each(run_lle, run_folder, tmp_path, count, sheets):
    out = run_folder([f"{i} ночь 夜 😀.jpg" for i in range(count)], size=(24, 16))
    run = run_lle("report", out, "--contact-sheet", tmp_path / "sheets" / "sheet.jpg")
    assert run.code == 0
    assert sorted(path.name for path in (tmp_path / "sheets").iterdir()) == sheets
    assert [line.rsplit("/", 1)[1] for line in run.out.splitlines()] == sheets


def test_pictures_are_never_written_over(run_lle, run_folder, tmp_path):
    out = run_folder(["x.jpg"])
    save_photo(tmp_path / "in" / "x_compare.jpg", dark_pixels((20, 20)))
    add_entries(out, entry_of("y.jpg", tmp_path / "in" / "x_compare.jpg", status="failed", output=None))
    before = picture_digests(tmp_path)
    for wish in (("--compare", tmp_path / "in"), ("--contact-sheet", tmp_path / "in" / "x.jpg")):
        run = run_lle("report", out, *wish)
        assert (run.code, run.out) == (2, "")
        assert "would replace the image" in run.err
    assert picture_digests(tmp_path) == before
