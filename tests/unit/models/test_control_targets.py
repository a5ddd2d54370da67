"""Targets of training say what the controls are meant to do."""

from itertools import pairwise

import torch

from lowlight_cli.models.control_targets import ControlWeights, controlled, like_reference, smooth


def weights(contrast: float = 1, brightness: float = 1, texture: float = 1) -> ControlWeights:
    return ControlWeights(*(torch.full((1, 1, 1, 1), float(v)) for v in (contrast, brightness, texture)))


def picture() -> torch.Tensor:
    return 0.25 + 0.5 * torch.rand(1, 3, 24, 24)


def test_controls_of_one_change_nothing():
    images = picture()
    torch.testing.assert_close(controlled(images, weights(), torch.tensor([0.5])), images)


def test_each_control_moves_its_own_quantity_up():
    images, middle = picture(), torch.tensor([0.5])
    steps = (0.0, 0.5, 1.0, 1.5, 2.0)
    bright = [controlled(images, weights(brightness=s), middle).mean() for s in steps]
    spread = [controlled(images, weights(contrast=s), middle).std() for s in steps]
    detail = []
    for s in steps:
        made = controlled(images, weights(texture=s), middle)
        detail.append((made - smooth(made)).std())
    for values in (bright, spread, detail):
        assert all(a < b for a, b in pairwise(values))


def test_a_reference_pulls_means_and_spreads_towards_its_own():
    images, reference = picture(), (0.8 + 0.1 * torch.rand(1, 3, 16, 16))
    moved = like_reference(images, reference)
    for statistic in (lambda x: x.mean((2, 3)), lambda x: x.std((2, 3))):
        before = (statistic(images) - statistic(reference)).abs()
        after = (statistic(moved) - statistic(reference)).abs()
        assert (after < before).all()
