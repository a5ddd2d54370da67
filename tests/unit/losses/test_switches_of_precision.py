"""Losses and measures that subtract squares have one value and one gradient, whatever rounds products."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import torch
from torch import Tensor

from lowlight_cli.evaluation.fsim import feature_similarity
from lowlight_cli.evaluation.pixel_metrics import multi_scale_ssim, ssim
from lowlight_cli.losses import structure
from lowlight_cli.losses.code import code_losses
from lowlight_cli.losses.gram import gram
from tests.simulated_tf32 import SimulatedTf32

Pair = tuple[Tensor, Tensor]
SWITCHES: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "tf32": SimulatedTf32,
    "bf16": lambda: torch.autocast("cpu", torch.bfloat16),
    "fp16": lambda: torch.autocast("cpu", torch.float16),
}


def night_and_day(side: int) -> Pair:
    """A bright, smooth picture, whose variances are small and whose means are large, and one like it."""
    place = torch.linspace(0, 3, side)
    smooth = 0.9 + 0.02 * torch.sin(place)[:, None] * torch.cos(place) + 0.001 * torch.randn(2, 3, side, side)
    return smooth, smooth + 0.002 * torch.randn_like(smooth)


def choice(images: Tensor, targets: Tensor) -> Tensor:
    """The code losses, with the pictures as latents."""
    rows = 0.9 + 0.05 * torch.linspace(-1, 1, 24).view(8, 3)
    wanted = (torch.arange(images[:, 0].numel()) % 8).view_as(images[:, 0])
    parts = code_losses(rows, torch.zeros_like(rows), images, wanted, targets, 0.01)
    return parts.choice + parts.texture


LOSSES = {
    "similarity": (structure.similarity, 24),
    "similarity at five scales": (structure.multi_scale_similarity, 176),
    "gram": (gram, 24),
    "choice of codes": (choice, 24),
}
MEASURES = {
    "ssim": (ssim, 24),
    "ms-ssim": (multi_scale_ssim, 176),
    "fsim": (feature_similarity, 24),
    "fsimc": (lambda a, b: feature_similarity(a, b, chromatic=True), 24),
}


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_and_its_gradient_are_the_same_under_each_switch(name, switch):
    loss, side = LOSSES[name]
    images, targets = night_and_day(side)

    def of_loss() -> tuple[Tensor, Tensor]:
        leaf = images.clone().requires_grad_()
        value = loss(leaf, targets)
        return value.detach(), torch.autograd.grad(value, leaf)[0]

    exact = of_loss()
    with SWITCHES[switch]():
        made = of_loss()
    assert torch.equal(made[0], exact[0])
    assert torch.equal(made[1], exact[1])
    assert made[1].any()


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_is_the_same_under_each_switch(name, switch):
    measure, side = MEASURES[name]
    pair = night_and_day(side)
    exact = measure(*pair)
    with SWITCHES[switch]():
        assert torch.equal(measure(*pair), exact)


def test_the_switches_do_round_products():
    left, right = torch.randn(8, 8), torch.randn(8, 8)
    for switch in SWITCHES.values():
        with switch():
            made = left @ right
        assert 1e-5 < float((made.float() - left @ right).abs().max()) < 0.2


def test_variances_of_rounded_products_would_be_negative():
    """What the losses did before: the reason for all of this."""
    images, _ = night_and_day(24)
    down, across = structure._blurring(24, images), structure._blurring(24, images).T
    with SimulatedTf32() as mode:
        mean, square = down @ torch.stack([images, images * images]) @ across
    assert mode.products
    assert (square - mean**2).min() < -structure.STABILIZERS[1] / 10


def test_a_structure_is_never_more_than_that_of_equal_pictures():
    images, targets = night_and_day(24)
    with SimulatedTf32():
        assert structure.similarity(images, targets) < structure.similarity(images, images) <= 1 + 1e-6
