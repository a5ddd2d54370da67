import math

import numpy as np
import pytest
import torch
from scipy.ndimage import uniform_filter

from lowlight_cli.evaluation.fsim import feature_similarity, phase_congruency, reduced


@pytest.fixture
def pair():
    """Pictures of odd size with edges, and the same with noise."""
    down, across = torch.meshgrid(torch.arange(87), torch.arange(94), indexing="ij")
    rings = torch.sin((down**2 + across**2) / 300).sign() * 0.3 + 0.5
    picture = torch.stack([rings, rings * 0.8, 1 - rings])[None]
    return picture, (picture + torch.randn_like(picture) / 15).clamp(0, 1)


@pytest.mark.parametrize("chromatic", [False, True])
def test_equal_pictures_are_alike(pair, chromatic):
    assert feature_similarity(pair[0], pair[0], chromatic=chromatic).item() == pytest.approx(1)


@pytest.mark.parametrize("chromatic", [False, True])
@pytest.mark.parametrize("size", [(87, 94), (300, 411), (640, 520)])
def test_another_program_finds_the_same(pair, chromatic, size):
    pyiqa = pytest.importorskip("pyiqa")
    first, second = (torch.nn.functional.interpolate(batch, size) for batch in pair)
    first, second = first.mul(255).round() / 255, second.mul(255).round() / 255
    expected = pyiqa.create_metric("fsim", chromatic=chromatic)(second, first).item()
    found = feature_similarity(second, first, chromatic=chromatic).item()
    assert 0.5 < expected < 0.995
    assert found == pytest.approx(expected, abs=2e-4)


def test_only_the_chromatic_form_sees_color(pair):
    picture, _ = pair
    gray = torch.einsum("bchw,c->bhw", picture, torch.tensor([0.299, 0.587, 0.114]))
    faded = gray[:, None].expand_as(picture)
    assert feature_similarity(faded, picture).item() > 0.999
    assert feature_similarity(faded, picture, chromatic=True).item() < 0.99


def test_pictures_without_features_are_alike():
    black = torch.zeros(1, 3, 32, 32)
    assert feature_similarity(black, black).item() == 1


def test_an_edge_is_an_edge_whatever_its_contrast():
    step = torch.zeros(1, 1, 64, 64, dtype=torch.float64)
    step[..., 32:] = 1
    strong, weak = phase_congruency(200 * step), phase_congruency(20 * step)
    torch.testing.assert_close(strong, weak, atol=1e-3, rtol=1e-3)
    middle, flat = strong[0, 0, 32, 31:33], strong[0, 0, 32, 21:27]
    assert middle.min() > 0.75
    assert flat.max() < 0.3


def test_edges_of_all_directions_are_found_alike():
    down, across = torch.meshgrid(torch.arange(65) - 32, torch.arange(65) - 32, indexing="ij")
    for degrees in range(0, 180, 15):
        angle = math.radians(degrees)
        side = down * math.sin(angle) + across * math.cos(angle)
        plane = (side > 0).double()[None, None] * 150
        assert phase_congruency(plane)[0, 0, 30:35, 30:35].max() > 0.75, degrees


def test_reducing_averages_squares_and_keeps_every_nth_pixel():
    plane = torch.rand(1, 1, 780, 800, dtype=torch.float64)
    means = uniform_filter(plane[0, 0].numpy(), 3, mode="constant")[::3, ::3]
    np.testing.assert_allclose(reduced(plane)[0, 0].numpy(), means, atol=1e-9)
    assert reduced(plane[..., :383]).shape == (1, 1, 780, 383)
