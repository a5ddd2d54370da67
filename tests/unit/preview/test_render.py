"""A cell shows what a batch gives."""

import numpy as np
import pytest
import torch

from lowlight_cli.device import FP32
from lowlight_cli.images.picture import Frame
from lowlight_cli.images.tiling import Tile
from lowlight_cli.models.controls import Controls
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.preview import render
from lowlight_cli.preview.request import PreviewRequest
from lowlight_cli.reports.thumbnails import Region
from tests.lift_alone import LiftAlone
from tests.unit.pipeline.test_place import FramedLift, backlit

CPU = torch.device("cpu")


def runner(tile=0, model=LiftAlone):
    limits = Limits(2**21, tile=tile, overlap=32)
    return ModelRunner(model(), EnhanceParams(Controls()), limits, device=CPU, precision=FP32)


def test_a_part_is_as_in_the_whole_image():
    picture = backlit(240, 320)
    (whole,) = runner()([picture])
    part = runner().enhance_part(picture, Tile(64, 96, 128, 160))
    assert np.abs(part.astype(int) - whole[64:192, 96:256]).max() <= 1


@pytest.mark.parametrize("place", [(0, 0), (150, 200), (176, 256), (75, 33)])
@pytest.mark.parametrize("model", [LiftAlone, FramedLift])
def test_a_region_is_as_in_the_whole_image(model, place):
    picture = backlit(240, 320)
    (whole,) = runner(model=model)([picture])
    region = Region(*place, 64, 64)
    rows, columns = (slice(start, start + 64) for start in (region.top, region.left))
    part = render._enhanced_part(Frame(picture), region, runner(model=model))
    assert np.abs(part.pixels.astype(int) - whole[rows, columns]).max() <= 1


def test_a_runner_with_other_parameters_shares_the_model():
    picture = backlit(64, 96)
    plain = runner()
    other = plain.with_params(EnhanceParams(Controls(), strength=0.0))
    assert other.enhancer is plain.enhancer
    assert np.array_equal(other([picture])[0], picture)
    assert not np.array_equal(plain([picture])[0], picture)


@pytest.fixture
def large(make_picture, tmp_path, monkeypatch):
    """A photo that is larger than the copy that previews are made from."""
    monkeypatch.setattr(render, "WORKING_PIXELS", 256 * 192)
    return make_picture(tmp_path / "large.png", (512, 384))


def compared(photo, **options):
    settings = EnhanceSettings(device="cpu", precision="fp32")
    request = PreviewRequest(
        photos=(photo,), models=("codeenhance",), settings=settings, size=128, crop=(300, 200), **options
    )
    return render.Renderer(request)(photo)


def test_a_quick_cell_is_close_to_an_exact_one(large):
    quick, exact = compared(large), compared(large, exact=True)
    assert quick.region == exact.region
    (one,), (other,) = quick.cells, exact.cells
    assert np.abs(one.crop.astype(int) - other.crop).mean() < 1.5
    assert abs(one.brightness - other.brightness) < 0.03
    assert np.array_equal(quick.original.crop, exact.original.crop)
