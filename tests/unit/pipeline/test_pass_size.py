"""How many pixels go through a model at a time."""

import numpy as np
import pytest
import torch

from lowlight_cli.device import BF16, FP16, FP32, PRECISIONS, TF32
from lowlight_cli.errors import UnknownNameError
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.entry import PassCost
from lowlight_cli.models.identity import Identity
from lowlight_cli.pipeline.limits import MOST_ELEMENTS, Limits, most_pixels, pass_pixels
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)
GIB = 2**30
LIGHT = PassCost(bytes_per_pixel=1000, elements_per_pixel=32)
COSTS = [
    pytest.param(cost, id=f"{entry.name}-{preset}")
    for entry in MODELS.values()
    for preset, cost in entry.pass_costs.items()
]


@pytest.fixture
def with_free(monkeypatch):
    """Sets the free bytes of a GPU."""
    return lambda free: monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, 2 * free))


@pytest.mark.parametrize("entry", MODELS.values(), ids=MODELS)
def test_each_preset_has_a_cost(entry):
    assert list(entry.pass_costs) == list(entry.presets)
    assert entry.pass_cost(None) == entry.pass_costs[entry.default_preset]
    with pytest.raises(UnknownNameError):
        entry.pass_cost("papr")


@pytest.mark.parametrize("entry", MODELS.values(), ids=MODELS)
def test_a_cpu_takes_two_megapixels_of_every_shipped_size(entry):
    assert pass_pixels(CPU, entry.pass_cost("lite"), FP32) == 2**21


def test_a_cpu_takes_less_of_a_heavy_model_whatever_its_memory():
    assert pass_pixels(CPU, PassCost(9000, 256), FP32) == 9 * GIB // 2 // 9000


@pytest.mark.parametrize("precision", [TF32, BF16, FP16], ids=lambda each: each.name)
def test_a_gpu_takes_what_fits_beside_a_gibibyte_with_a_margin(with_free, precision):
    with_free(5 * GIB)
    assert pass_pixels(CUDA, LIGHT, precision) == int(4 * GIB / 1300)


def test_float32_leaves_room_on_a_gpu_for_workspaces(with_free):
    with_free(5 * GIB)
    assert pass_pixels(CUDA, LIGHT, FP32) == int(4 * GIB / 1560)


@pytest.mark.parametrize(("free", "pixels"), [(0, 2**16), (GIB, 2**16), (1000 * GIB, 2**25)])
def test_a_gpu_takes_no_fewer_and_no_more(with_free, free, pixels):
    with_free(free)
    assert {pass_pixels(CUDA, LIGHT, each) for each in PRECISIONS.values()} == {pixels}


@pytest.mark.parametrize("cost", COSTS)
def test_no_tensor_needs_more_than_32_bits_to_index(with_free, cost):
    with_free(1000 * GIB)
    assert pass_pixels(CUDA, cost, FP16) * cost.elements_per_pixel <= MOST_ELEMENTS
    assert most_pixels(cost) * cost.elements_per_pixel <= MOST_ELEMENTS
    assert (most_pixels(cost) + 1) * cost.elements_per_pixel > MOST_ELEMENTS


class Recording(Identity):
    """Notes how many pixels each pass has."""

    def __init__(self):
        super().__init__()
        self.passes = []

    def enhance(self, images, controls, *, observation=None, reference=None):
        self.passes.append(images.shape[0] * images.shape[2] * images.shape[3])
        return images


@pytest.mark.parametrize("tile", [None, 0, 4096])
@pytest.mark.parametrize(("count", "side"), [(5, 100), (1, 400)])
def test_neither_batches_nor_tiles_that_were_asked_for_exceed_the_most(tile, count, side):
    pictures = [np.full((side, side, 3), number, np.uint8) for number in range(count)]
    model, limits = Recording(), Limits(2**24, tile=tile, most=2 * 150**2)
    forward = ModelRunner(model, EnhanceParams(Controls()), limits, device=CPU)
    results = forward(pictures)
    assert all(np.array_equal(*pair) for pair in zip(results, pictures, strict=True))
    assert max(model.passes) <= limits.most
    assert len(model.passes) > 1
