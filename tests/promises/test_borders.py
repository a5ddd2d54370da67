"""Promise: the outermost pixels of a result are like those beside them."""

import numpy as np
import pytest

from lowlight_cli.models.catalog import MODELS
from lowlight_cli.pipeline.model_setup import make_runner
from lowlight_cli.pipeline.settings import EnhanceSettings

LEARNED = [name for name, entry in MODELS.items() if not entry.hidden]
CLOSE = 4.0
"""Of 255. Without a frame the worst sides of these models differ by 5.0 to 12.4, with one by 1.4 to 3.3."""


def sides(picture):
    """The image turned so that each of its sides is on top, without the corners."""
    return [np.rot90(picture, turns)[:, 16:-16] for turns in range(4)]


@pytest.mark.parametrize("name", LEARNED)
def test_the_border_of_a_flat_scene_is_as_bright_as_its_inside(name):
    picture = np.full((128, 192, 3), (24, 20, 16), np.uint16) * np.uint16(257)
    runner = make_runner(EnhanceSettings(model=name, device="cpu", precision="fp32"))
    (made,) = runner([picture])
    for side in sides(made.astype(float) / 257):
        assert [np.abs(side[row] - side[8]).mean() < CLOSE for row in range(2)] == [True, True]


@pytest.mark.parametrize("size", [(1, 1), (3, 70), (50, 2)])
@pytest.mark.parametrize("name", [*LEARNED, "identity"])
def test_images_smaller_than_the_frame_are_enhanced(name, size):
    picture = np.random.default_rng(0).integers(0, 60, (*size, 3)).astype(np.uint8)
    (made,) = make_runner(EnhanceSettings(model=name, device="cpu", precision="fp32"))([picture])
    assert made.shape == picture.shape
    assert np.array_equal(made, picture) is (name == "identity")
