"""Steps are taken, gathered from parts, or left out where numbers are not finite."""

import pytest
import torch
from torch import nn

from lowlight_cli.training.config import OptimizerSettings, Recipe, RunSettings
from lowlight_cli.training.optimizer import GuardedOptimizer, rate_share

CPU = torch.device("cpu")


def descent(layer: nn.Module, **run: object) -> GuardedOptimizer:
    recipe = Recipe(run=RunSettings(batch_size=4, **run), optimizer=OptimizerSettings(learning_rate=0.1))
    return GuardedOptimizer(layer.parameters(), recipe, CPU)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_step_without_finite_numbers_changes_nothing(bad):
    layer = nn.Linear(2, 1)
    before = layer.weight.detach().clone()
    steps = descent(layer)
    steps.backward(layer(torch.ones(1, 2)).sum() * bad)
    assert not steps.step(1.0)
    assert steps.failed
    assert torch.equal(layer.weight, before)
    steps.backward(layer(torch.ones(1, 2)).sum())
    assert steps.step(1.0)
    assert not steps.failed
    assert not torch.equal(layer.weight, before)


def test_parts_of_a_batch_give_the_gradient_of_the_whole():
    whole = nn.Linear(3, 1)
    parted = nn.Linear(3, 1)
    parted.load_state_dict(whole.state_dict())
    batch = torch.randn(4, 3)
    one, four = descent(whole), descent(parted, accumulate=4)
    one.backward(whole(batch).square().mean())
    for row in batch:
        four.backward(parted(row[None]).square().mean())
    assert one.step(1.0)
    assert four.step(1.0)
    torch.testing.assert_close(whole.weight, parted.weight)


def test_a_large_gradient_is_scaled_in_16_bit_floats_until_it_fits():
    layer = nn.Linear(1, 1, bias=False)
    steps = descent(layer, precision="fp16")
    outcomes = []
    for _ in range(20):
        steps.backward(layer(torch.full((1, 1), 1e35)).sum())
        outcomes.append(steps.step(1.0))
        assert not steps.failed
    assert not outcomes[0]
    assert outcomes[-1]
    assert descent(layer, precision="fp16").state_dict()["scaler"] != steps.state_dict()["scaler"]


def test_a_checkpoint_leaves_the_settings_of_adam_as_they_are():
    layer = nn.Linear(2, 1)
    quick, slow = (
        GuardedOptimizer(
            [layer.weight],
            Recipe(optimizer=OptimizerSettings(betas=betas)),
            CPU,
            slow=[layer.bias],
            slow_share=share,
        )
        for betas, share in (((0.5, 0.6), 0.3), ((0.9, 0.99), 0.1))
    )
    slow.load_state_dict(quick.state_dict())
    groups = slow.state_dict()["param_groups"]
    assert [(group["betas"], group["share"]) for group in groups] == [((0.9, 0.99), 1.0), ((0.9, 0.99), 0.1)]


def test_the_rate_rises_then_falls_to_its_last_share():
    settings = OptimizerSettings(warmup=10, final=0.1)
    shares = [rate_share(step, 100, settings) for step in range(101)]
    assert shares[0] < shares[5] < max(shares)
    assert shares[100] == pytest.approx(0.1)
