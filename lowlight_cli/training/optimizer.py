"""Adam with clipping, averaging over processes, and skipping of steps that are not finite or are spikes."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.nn.utils import clip_grad_norm_
from torch.optim import Adam

from lowlight_cli.device import choose_precision
from lowlight_cli.tensors import Scalar
from lowlight_cli.training.config import OptimizerSettings, Recipe
from lowlight_cli.training.distributed import summed, world_size
from lowlight_cli.training.guard import LAG, DelayedReader, Guard, Outcome

MOST_DOUBLINGS = 2
"""Number of rollbacks that double the threshold of a spike."""

OF_SETTINGS = ("betas", "share")
"""What a group of parameters has from the settings also if its state comes from a checkpoint."""


def rate_share(step: int, steps: float | int, settings: OptimizerSettings) -> float:
    """Learning rate at ``step`` as a share of the highest: linear warm-up, then cosine to ``final``."""
    warm = min(1.0, (step + 1) / settings.warmup)
    falling = (1 + math.cos(math.pi * min(1.0, step / steps))) / 2
    return warm * (settings.final + (1 - settings.final) * falling)


@torch.no_grad()
def averaged_gradients(parameters: Sequence[nn.Parameter], loss: Scalar) -> Scalar:
    """Replaces the gradients of each process by their mean over all processes, in one exchange.

    Afterwards a parameter has no gradient only if it had none in any process.

    Args:
        parameters: The same parameters in the same order in each process.
        loss: Loss of this process.

    Returns:
        Mean loss of all; not finite if that of one is not.
    """
    gradients = [parameter.grad for parameter in parameters]
    flags = torch.tensor([float(gradient is not None) for gradient in gradients])
    pieces = [
        torch.zeros_like(parameter) if gradient is None else gradient
        for parameter, gradient in zip(parameters, gradients, strict=True)
    ]
    like = parameters[0]
    flat = torch.cat([loss.to(like)[None], flags.to(like), *(piece.flatten() for piece in pieces)])
    first = 1 + len(flags)
    had = summed(flat)[1:first].tolist()
    means = (flat[first:] / world_size()).split([piece.numel() for piece in pieces])
    for parameter, mean, count in zip(parameters, means, had, strict=True):
        if parameter.grad is None and count:
            parameter.grad = torch.empty_like(parameter)
        if parameter.grad is not None:
            parameter.grad.copy_(mean.view_as(parameter))  # keeps its memory layout
    return flat[0] / world_size()


class _Adam(Adam):
    """Adam that can skip a step on a GPU without waiting for the decision."""

    left_out: Tensor | None = None
    """1 to skip the next step, otherwise 0, as the fused kernel reads it."""

    def step(self, closure: Any = None) -> Any:  # noqa: ANN401 - signature of Adam
        if self.left_out is None:
            return super().step(closure)
        # GradScaler uses the same attribute.
        found = getattr(self, "found_inf", None)
        self.found_inf = self.left_out if found is None else torch.maximum(found, self.left_out)
        try:
            return super().step(closure)
        finally:
            self.left_out = None
            if found is None:
                del self.found_inf


class GuardedOptimizer:
    """Adam over the trained parameters; can be saved like a model.

    If several processes train together, gradients are averaged over them, so that all take the same step. A
    step whose loss or gradient is not finite, or is a spike, changes nothing. In 16-bit floats gradients are
    scaled up; some overflow until the scale is found, and these do not count as failed.

    On a GPU no step waits for its outcome: a step is skipped there, and the outcome is read some steps later.

    Args:
        parameters: Parameters of the model; frozen ones are ignored.
        recipe: Gives learning rates, clipping, precision and the number of parts of a batch.
        device: Device of the parameters.
        rate: Highest learning rate; None for that of the settings.
        slow: More parameters, with a lower learning rate.
        slow_share: Their share of the learning rate.
        waits: Whether a step waits for its outcome; None for only on a CPU, where this costs nothing.

    Attributes:
        failed: Whether the last step with a known outcome was skipped because numbers were not finite.
        spiked: Whether it was skipped as a spike.
        norm: Norm of the gradient of the last step before clipping.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        recipe: Recipe,
        device: torch.device,
        *,
        rate: float | None = None,
        slow: Iterable[nn.Parameter] = (),
        slow_share: float = 0.1,
        waits: bool | None = None,
    ) -> None:
        groups: list[dict[str, Any]] = [
            {"params": [parameter for parameter in some if parameter.requires_grad], "share": part}
            for some, part in ((parameters, 1.0), (slow, slow_share))
        ]
        groups = [group for group in groups if group["params"]]
        self._parameters = [parameter for group in groups for parameter in group["params"]]
        self._settings = recipe.optimizer
        self._rate = rate or recipe.optimizer.learning_rate
        self._slowdown = 1.0
        self._waits = device.type != "cuda" if waits is None else waits
        self._fused = None if self._waits else True
        self._adam = _Adam(groups, lr=self._rate, betas=recipe.optimizer.betas, fused=self._fused)
        is_half = choose_precision(recipe.run.precision, device).dtype == torch.float16
        self._scaler = GradScaler(device.type, enabled=is_half)
        self._pieces = recipe.run.accumulate
        self._guard = Guard(recipe.optimizer.spike, recipe.optimizer.clip, device)
        self._outcomes = DelayedReader(0 if self._waits else LAG)
        self._loss = self._zero = torch.zeros((), device=device)
        self.failed = self.spiked = False
        self.norm = self._zero

    def backward(self, loss: Scalar) -> None:
        """Adds the gradient of one part of the batch.

        Args:
            loss: Mean loss of the part.
        """
        part = loss / self._pieces
        self._loss = self._loss + part.detach()
        self._scaler.scale(part).backward()

    def step(self, share: float) -> bool:
        """Takes the step, and returns whether it was taken; on a GPU always True.

        Args:
            share: Share of the highest learning rate.
        """
        for group in self._adam.param_groups:
            # Older checkpoints have groups without a share.
            group["lr"] = share * self._rate * self._slowdown * group.get("share", 1.0)
        loss = averaged_gradients(self._parameters, self._loss) if world_size() > 1 else self._loss
        self._scaler.unscale_(self._adam)
        self.norm = clip_grad_norm_(self._parameters, self._settings.clip)
        taken = self._step(self._guard.outcome(loss, self.norm))
        self._scaler.update()
        self._adam.zero_grad(set_to_none=True)
        self._loss = self._zero
        return taken

    def _step(self, outcome: Tensor) -> bool:
        """Steps depending on ``outcome``, and reads the newest known outcome."""
        known = self._outcomes.exchange(outcome)
        newest = Outcome.TAKEN if known is None else Outcome(int(known))
        # Until the scale is found, gradients that are not finite are normal.
        is_lost = newest == Outcome.BAD_GRADIENT and self._scaler.get_scale() <= 1
        self.failed, self.spiked = newest == Outcome.BAD_LOSS or is_lost, newest == Outcome.SPIKE
        if self._waits and newest != Outcome.TAKEN:
            return False
        if not self._waits:
            self._adam.left_out = (outcome != Outcome.TAKEN).float()
            self._lay_out_gradients()
        self._scaler.step(self._adam)
        return True

    def _lay_out_gradients(self) -> None:
        """Gives gradients the strides of their parameters, which the fused kernel needs."""
        for parameter in self._parameters:
            gradient = parameter.grad
            if gradient is not None and gradient.stride() != parameter.stride():
                parameter.grad = torch.empty_like(parameter).copy_(gradient)

    @property
    def current_rate(self) -> float:
        """Learning rate of the last step."""
        return float(self._adam.param_groups[0]["lr"])

    def begin_phase(self, step: int, *starts: int) -> None:
        """Drops the history of losses and gradients at the first step of a phase with other losses.

        Args:
            step: The current step.
            starts: First steps of such phases.
        """
        if step in starts:
            self._guard.forget()

    def slow_down(self, times: int) -> None:
        """Divides the initial rate by 2 ** ``times``, and raises the threshold of a spike.

        The threshold rises because losses may be higher for a good reason; exploding ones still exceed it.
        """
        self._slowdown, self._guard.tolerance = 0.5**times, 2.0 ** min(times, MOST_DOUBLINGS)

    def state_dict(self) -> dict[str, Any]:
        """State of Adam, history of losses and gradients, and the scale of 16-bit floats."""
        state = self._adam.state_dict() | {"guard": self._guard.state_dict()}
        return state | {"scaler": self._scaler.state_dict()} if self._scaler.is_enabled() else state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores a saved state."""
        rest = dict(state)
        scale, guard = rest.pop("scaler", None), rest.pop("guard", None)
        # The state may come from another kind of device.
        rest["param_groups"] = [group | {"fused": self._fused} for group in rest["param_groups"]]
        own = [{name: group[name] for name in OF_SETTINGS} for group in self._adam.param_groups]
        self._adam.load_state_dict(rest)
        for group, mine in zip(self._adam.param_groups, own, strict=True):
            group.update({name: value for name, value in mine.items() if name in group})
        if scale:
            self._scaler.load_state_dict(scale)
        if guard:  # older checkpoints have no history
            self._guard.load_state_dict(guard)
        # Pending outcomes belong to steps that will be taken again.
        self._outcomes = DelayedReader(0 if self._waits else LAG)
