"""Steps whose loss or gradient is far above those before are left out, on a GPU without a wait."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from lowlight_cli.training.config import OptimizerSettings, Recipe, RunSettings
from lowlight_cli.training.guard import LAG, LEAST, WINDOW, Guard, Outcome
from lowlight_cli.training.optimizer import GuardedOptimizer

CPU = torch.device("cpu")


def guard(losses: torch.Tensor, norms: float = 1.0) -> Guard:
    """One that saw these losses, all of which must be taken."""
    watch = Guard(20.0, 1.0, CPU)
    for loss in losses:
        assert watch.outcome(loss, torch.tensor(norms)) == Outcome.TAKEN
    return watch


def judged(watch: Guard, loss: float, norm: float = 1.0) -> Outcome:
    return Outcome(int(watch.outcome(torch.tensor(loss), torch.tensor(norm))))


@pytest.mark.parametrize("middle", [-30.0, 0.0, 0.5, 400.0])
def test_losses_of_any_level_are_taken_and_those_far_above_are_not(middle):
    watch = guard(middle + torch.randn(LEAST))
    level = max(abs(middle), 1.0)
    assert judged(watch, middle + 10 * level) == Outcome.TAKEN
    assert judged(watch, middle + 30 * level) == Outcome.SPIKE
    assert judged(watch, middle - 1000 * level) == Outcome.TAKEN


def test_a_norm_is_a_spike_only_if_it_would_be_cut_a_lot():
    assert judged(guard(torch.rand(LEAST), 3.0), 0.5, 70.0) == Outcome.SPIKE
    assert judged(guard(torch.rand(LEAST), 3.0), 0.5, 50.0) == Outcome.TAKEN
    assert judged(guard(torch.rand(LEAST), 0.01), 0.5, 15.0) == Outcome.TAKEN


def test_the_loss_of_a_critic_may_rise_from_nothing():
    assert judged(guard(torch.zeros(WINDOW), 0.0), 4.0, 5.0) == Outcome.TAKEN


def test_nothing_is_a_spike_before_enough_was_seen():
    assert judged(guard(torch.rand(LEAST - 1)), 1e6) == Outcome.TAKEN
    assert judged(guard(torch.rand(LEAST)), 1e6) == Outcome.SPIKE


def test_what_is_not_finite_is_told_apart_and_not_remembered():
    watch = guard(torch.rand(LEAST))
    nan, inf = float("nan"), float("inf")
    assert judged(watch, nan) == judged(watch, inf, nan) == Outcome.BAD_LOSS
    assert judged(watch, 0.5, inf) == judged(watch, 0.5, nan) == Outcome.BAD_GRADIENT
    assert judged(watch, 1e6) == Outcome.SPIKE


def test_only_the_newest_steps_count():
    watch = guard(torch.full((WINDOW,), 1000.0))
    for _ in range(WINDOW):
        assert judged(watch, 1.0) == Outcome.TAKEN
    assert judged(watch, 1000.0) == Outcome.SPIKE
    watch.forget()
    assert judged(watch, 1000.0) == Outcome.TAKEN


def test_what_was_seen_survives_saving():
    first, second = guard(torch.rand(LEAST)), Guard(20.0, 1.0, CPU)
    second.load_state_dict(first.state_dict())
    assert judged(second, 1e6) == Outcome.SPIKE


def descent(layer: nn.Module, **more: Any) -> GuardedOptimizer:
    recipe = Recipe(run=RunSettings(precision="fp32"), optimizer=OptimizerSettings(learning_rate=0.1))
    return GuardedOptimizer(layer.parameters(), recipe, CPU, **more)


def step(steps: GuardedOptimizer, layer: nn.Module, factor: float = 1.0) -> bool:
    steps.backward(layer(torch.ones(1, 2)).square().sum() * factor)
    return steps.step(1.0)


def weights(layer: nn.Module, steps: GuardedOptimizer) -> list[torch.Tensor]:
    """Everything that a step changes."""
    moments = [value for state in steps.state_dict()["state"].values() for value in state.values()]
    return [each.clone() for each in (*layer.parameters(), *moments)]


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("factor", [1e6, float("nan"), float("inf")])
def test_a_step_that_is_left_out_changes_nothing(waits, factor):
    layer = nn.Linear(2, 1)
    steps = descent(layer, waits=waits)
    for _ in range(LEAST):
        step(steps, layer)
    before = weights(layer, steps)
    taken = step(steps, layer, factor)
    assert taken == (not waits)
    after = weights(layer, steps)
    assert len(after) == 2 + 6
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    if not waits:
        assert (steps.failed, steps.spiked) == (False, False)
        for _ in range(LAG):
            step(steps, layer)
    assert (steps.spiked, steps.failed) == (factor == 1e6, factor != 1e6)
    step(steps, layer)
    assert (steps.failed, steps.spiked) == (False, False)
    assert not torch.equal(before[0], layer.weight)


class NobodyWaits(TorchDispatchMode):
    """Fails where the value of a tensor is asked for, for which a GPU would be waited for."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert function.overloadpacket not in (torch.ops.aten._local_scalar_dense, torch.ops.aten.nonzero)
        return function(*args, **(kwargs or {}))


def test_a_step_on_a_gpu_waits_for_nothing():
    layer = nn.Linear(2, 1)
    steps = descent(layer, waits=False)
    with NobodyWaits():
        for _ in range(LAG):  # then those of before are read, which have been computed
            step(steps, layer)
    with pytest.raises(AssertionError), NobodyWaits():
        step(descent(layer), layer)


def test_a_state_goes_from_a_gpu_to_a_cpu_and_back():
    layer = nn.Linear(2, 1)
    for waits in (False, True, False):
        first, second = descent(layer, waits=waits), descent(layer, waits=not waits)
        step(first, layer)
        second.load_state_dict(first.state_dict())
        assert step(second, layer)
        assert second.state_dict()["state"][0]["step"] == 2


def test_a_state_of_an_earlier_version_can_be_loaded():
    layer = nn.Linear(2, 1)
    steps = descent(layer)
    step(steps, layer)
    state = steps.state_dict()
    del state["guard"]
    descent(layer).load_state_dict(state)


def test_runs_without_spikes_are_those_of_a_run_without_a_guard():
    ends = []
    for spike in (50.0, float("inf")):
        torch.manual_seed(0)
        layer = nn.Linear(2, 1)
        recipe = Recipe(optimizer=OptimizerSettings(spike=spike))
        steps = GuardedOptimizer(layer.parameters(), recipe, CPU)
        for _ in range(2 * LEAST):
            assert step(steps, layer, 1 + float(torch.rand(())))
        ends.append(layer.weight.detach().clone())
    assert torch.equal(*ends)


def test_on_a_gpu_gradients_have_the_strides_of_their_parameters():
    layer = nn.Conv2d(2, 3, 1).to(memory_format=torch.channels_last)
    steps = descent(layer, waits=False)
    images = torch.randn(1, 2, 4, 4)
    steps.backward(layer(images).square().mean())
    layer.weight.grad = layer.weight.grad.contiguous().view(3, 2).clone().view(3, 2, 1, 1)
    expected = layer.weight.grad.clone()
    assert layer.weight.grad.stride() != layer.weight.stride()
    steps._lay_out_gradients()
    assert layer.weight.grad.stride() == layer.weight.stride()
    assert torch.equal(layer.weight.grad, expected)


def test_going_back_forgets_outcomes_that_were_not_known_yet():
    layer = nn.Linear(2, 1)
    steps = descent(layer, waits=False)
    good = steps.state_dict()
    for _ in range(LAG):
        step(steps, layer, float("nan"))  # known LAG steps later
    steps.load_state_dict(good)
    for _ in range(2 * LAG):
        step(steps, layer)
        assert not steps.failed
