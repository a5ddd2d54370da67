"""Large images at reduced size: which are, what the model gets, and what comes back."""

import numpy as np
import pytest
import torch

from lowlight_cli.device import FP32
from lowlight_cli.errors import ImageError
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.identity import Identity
from lowlight_cli.pipeline import reduced_size
from lowlight_cli.pipeline.choices import AUTO_PIXELS, Detail
from lowlight_cli.pipeline.fingerprint import fingerprint
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.reduced_size import reduced, reduced_above, run_at_detail
from lowlight_cli.pipeline.settings import EnhanceSettings


class Seen(Identity):
    """Notes the size of what it gets, and brightens it or fails."""

    def __init__(self, broken=False):
        super().__init__()
        self.sizes, self.broken = [], broken

    def enhance(self, images, controls, *, observation=None, reference=None):
        self.sizes.append(tuple(images.shape[2:]))
        return images * torch.nan if self.broken else 2 * images / (1 + images)


@pytest.fixture(autouse=True)
def small_copies(monkeypatch):
    monkeypatch.setattr(reduced_size, "REDUCED_PIXELS", 6000)


def _runner(model, above):
    params = EnhanceParams(Controls(), reduced_above=above)
    return ModelRunner(model, params, Limits(10**6), device=torch.device("cpu"), precision=FP32)


def _image(height, width, depth=np.uint8):
    y, x = np.mgrid[0:height, 0:width]
    planes = np.stack([x % 90, y % 70, (x + y) % 80], axis=2)
    return planes.astype(depth) * (1 if depth == np.uint8 else 257)


def test_larger_images_reach_the_model_as_copies_of_the_same_area():
    model = Seen()
    results = run_at_detail(_runner(model, 20_000), [_image(200, 150), _image(200, 150)])
    assert [result.shape for result in results] == [(200, 150, 3)] * 2
    assert set(model.sizes) == {(89, 67)}


def test_smaller_images_are_enhanced_at_full_size():
    model = Seen()
    picture = _image(100, 150)
    (result,) = run_at_detail(_runner(model, 15_000), [picture])
    assert model.sizes == [(100, 150)]
    assert np.array_equal(result, _runner(Seen(), None)([picture])[0])


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_the_result_is_near_that_at_full_size_in_the_same_depth(depth):
    picture = _image(300, 400, depth)
    (fast,) = run_at_detail(_runner(Seen(), 20_000), [picture])
    (full,) = _runner(Seen(), None)([picture])
    assert fast.dtype == depth
    top = np.iinfo(depth).max
    assert np.sqrt(np.mean(((fast / top - full / top) * 255) ** 2)) < 4


def test_an_image_that_fails_stays_an_error():
    outcomes = run_at_detail(_runner(Seen(broken=True), 20_000), [_image(200, 150)])
    assert [type(outcome) for outcome in outcomes] == [ImageError]
    assert outcomes[0].code == "nonfinite"


@pytest.mark.parametrize(
    ("height", "width", "copied"),
    [(5, 9000, (2, 3286)), (9000, 5, (3286, 2)), (150, 160, (75, 80)), (1000, 700, (345, 241))],
)
def test_copies_have_6000_pixels_or_about_a_third_of_each_side(height, width, copied):
    copy = reduced(np.zeros((height, width, 3), np.uint8))
    assert copy.dtype == np.uint16
    assert copy.shape[:2] == copied == reduced_size.reduced_size(height, width)


def test_sizes_by_choice():
    assert reduced_above(Detail.FULL) is None
    assert reduced_above(Detail.FAST) == 6000
    assert reduced_above(Detail.AUTO) == AUTO_PIXELS


def test_full_detail_keeps_results_of_earlier_versions_up_to_date():
    settings = {detail: EnhanceSettings(model="identity", detail=detail) for detail in Detail}
    prints = {detail: fingerprint(each, None) for detail, each in settings.items()}
    assert len(set(prints.values())) == len(Detail)
    assert prints[Detail.FULL] == fingerprint(EnhanceSettings(model="identity"), None)
