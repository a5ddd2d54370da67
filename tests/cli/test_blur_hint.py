"""After a run, a hint names the model that was trained on blurred photos, where photos measure as blurred."""

import json
from pathlib import Path

import cv2
import pytest

from lowlight_cli.cli.hints import blur_hint
from lowlight_cli.pipeline.report import Report, Row
from tests.unit.images.test_blur_metric import at_night, scene


@pytest.fixture
def night(tmp_path):
    """A folder with a sharp and a blurred dark photo."""
    folder = tmp_path / "night"
    folder.mkdir()
    for name, length in (("sharp", 0), ("shaken", 24)):
        pixels = at_night(scene(0), length, 0)
        assert cv2.imwrite(str(folder / f"{name}.png"), pixels[..., ::-1])
    return folder


def test_blurred_photos_are_counted_and_a_model_is_named(run_lle, night, tmp_path):
    run = run_lle("enhance", night, "-o", tmp_path / "out", "-m", "identity", "--json")
    assert run.code == 0, run.err
    assert "1 photo looks blurred; try -m vqcnir --deblur, and compare" in run.err
    items = [event for event in map(json.loads, run.out.splitlines()) if event["event"] == "item"]
    widths = {event["in"].rsplit("/", 1)[-1]: event["edge_width"] for event in items}
    assert widths["sharp.png"] < 3.2 <= widths["shaken.png"]


def test_sharp_photos_bring_no_hint(run_lle, night, tmp_path):
    run = run_lle("enhance", night / "sharp.png", "-o", f"{tmp_path}/out/", "-m", "identity")
    assert run.code == 0, run.err
    assert "blur" not in run.err


def test_the_model_itself_is_not_recommended(run_lle, night, tmp_path):
    run = run_lle(
        "enhance", night / "shaken.png", "-o", f"{tmp_path}/out/", "-m", "vqcnir", "--device", "cpu"
    )
    assert run.code == 0, run.err
    assert "blurred" not in run.err


def test_a_large_run_says_how_many_photos_it_looked_at(run_lle, night, tmp_path):
    shaken = cv2.imread(str(night / "shaken.png"))
    (tmp_path / "many").mkdir()
    for number in range(104):
        assert cv2.imwrite(str(tmp_path / "many" / f"{number:03}.png"), shaken[:200, :240])
    run = run_lle("enhance", tmp_path / "many", "-o", tmp_path / "out", "-m", "identity", "--json")
    assert run.code == 0, run.err
    assert "100 of 100 measured photos look blurred; try -m vqcnir" in run.err
    widths = [event["edge_width"] for event in map(json.loads, run.out.splitlines()) if "edge_width" in event]
    assert len(widths) == 104
    assert widths.count(None) == 4


@pytest.mark.parametrize(
    ("is_sampled", "blurred", "start"),
    [
        (False, 1, "1 photo looks blurred;"),
        (False, 2, "2 photos look blurred;"),
        (True, 1, "1 of 4 measured photos looks blurred;"),
        (True, 2, "2 of 5 measured photos look blurred;"),
    ],
)
def test_the_number_of_photos_is_that_of_those_measured(is_sampled, blurred, start):
    widths = [3.2] * blurred + [2.5] * 3 + [None] * 7
    rows = [Row(Path("a"), Path("b"), "ok", edge_width=width) for width in widths]
    rows.append(Row(Path("a"), Path("b"), "failed"))
    (hint,) = blur_hint(Report(rows, 1.0, is_sampled=is_sampled), "identity")
    assert hint.startswith(start)
