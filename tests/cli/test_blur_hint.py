"""After a run a person is told which model also removes blur, where photos measure as blurred."""

import json

import cv2
import pytest

from tests.unit.images.test_edge_width import at_night, scene


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
    assert "1 photo measures as blurred; -m vqcnir is trained to remove blur, too" in run.err
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
