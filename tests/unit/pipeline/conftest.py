"""What several tests of the engine ask for."""

import pytest
from PIL import Image

from lowlight_cli.pipeline.plan import plan_jobs


@pytest.fixture
def odd_plan(make_picture, tmp_path):
    """Six images of one size; the fourth is white."""
    for number in range(6):
        make_picture(tmp_path / "in" / f"{number}.png", seed=number)
    Image.new("RGB", (48, 32), (255, 255, 255)).save(tmp_path / "in" / "3.png")
    return plan_jobs([tmp_path / "in"], str(tmp_path / "out"))
