"""Steps of an optimizer: gradients gathered, clipped and applied, or left out where they are not finite."""

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
"""How often what counts as far above is doubled after going back."""


def rate_share(step: int, steps: float | int, settings: OptimizerSettings) -> float:
    """Share of the highest learning rate at ``step``: linear warm-up, then cosine to ``final``."""
    warm = min(1.0, (step + 1) / settings.warmup)
    falling = (1 + math.cos(math.pi * min(1.0, step / steps))) / 2
    return warm * (settings.final + (1 - settings.final) * falling)


@torch.no_grad()
def averaged_gradients(parameters: Sequence[nn.Parameter], loss: Scalar) -> Scalar:
    """Gives every process the mean of the gradients of all, in one exchange.

    A parameter has no gradient afterwards only if it had none in any process.

    Args:
        parameters: The same ones in the same order in each process.
        loss: Of this process.

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
            parameter.grad.copy_(mean.view_as(parameter))  # in its own layout
    return flat[0] / world_size()


class _Adam(Adam):
    """Adam whose steps can be left out on a GPU before anyone there knows whether they will be."""

    left_out: Tensor | None = None
    """1 to leave the next step out, else 0; as ``fused`` needs it."""

    def step(self, closure: Any = None) -> Any:  # noqa: ANN401 - as the class has it
        if self.left_out is None:
            return super().step(closure)
        # GradScaler says in the same way what it found.
        found = getattr(self, "found_inf", None)
        self.found_inf = self.left_out if found is None else torch.maximum(found, self.left_out)
        try:
            return super().step(closure)
        finally:
            self.left_out = None
            if found is None:
                del self.found_inf


class GuardedOptimizer:
    """Adam over the parameters that are to be trained; can be saved like a model.

    Where several processes train together, gradients are averaged over them, so that all take the same step.
    A step whose loss or gradient is not finite, or far above those before, changes nothing. In 16-bit floats
    gradients are scaled up, and some are lost at first until the scale is found; only losses and gradients
    that stay bad count as failed.

    On a GPU no step waits for its outcome: it is left out there, and known here some steps later.

    Args:
        parameters: Those without gradient are left out.
        recipe: Gives rates, clipping, precision and the number of parts of a batch.
        device: Where the parameters are.
        rate: Highest learning rate, if not that of the settings.
        slow: Further parameters, which learn at a share of that rate.
        slow_share: That share.
        waits: Whether a step waits for its outcome; True on a CPU, where it costs nothing, unless given.

    Attributes:
        failed: Whether the last step whose outcome is known was left out because numbers were not finite.
        spiked: Whether it was left out because its loss or gradient was far above those before.
        norm: Of the gradient of the last step, before it was cut.
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
            loss: Mean over the part.
        """
        part = loss / self._pieces
        self._loss = self._loss + part.detach()
        self._scaler.scale(part).backward()

    def step(self, share: float) -> bool:
        """Takes the step, and says whether it was taken; on a GPU, whether it may have been.

        Args:
            share: Of the highest learning rate.
        """
        for group in self._adam.param_groups:
            # States of earlier runs have groups without a share.
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
        """Steps if this is the outcome, and notes the newest outcome that is known."""
        known = self._outcomes.exchange(outcome)
        newest = Outcome.TAKEN if known is None else Outcome(int(known))
        # While the scale is being found, gradients that are not finite are to be expected.
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
        """Gives gradients the strides of their parameters, which ``fused`` insists on."""
        for parameter in self._parameters:
            gradient = parameter.grad
            if gradient is not None and gradient.stride() != parameter.stride():
                parameter.grad = torch.empty_like(parameter).copy_(gradient)

    def begin_phase(self, step: int, *starts: int) -> None:
        """Forgets earlier losses and gradients at a step from which others are to be expected.

        Args:
            step: The step at hand.
            starts: Those steps.
        """
        if step in starts:
            self._guard.forget()

    def slow_down(self, times: int) -> None:
        """Halves the rate ``times`` times from how it began, and allows for losses that are higher now.

        Such as those of a phase in which more is asked for; what explodes is still far above.
        """
        self._slowdown, self._guard.tolerance = 0.5**times, 2.0 ** min(times, MOST_DOUBLINGS)

    def state_dict(self) -> dict[str, Any]:
        """Running means of the gradients, what is remembered of steps, and the scale in 16-bit floats."""
        state = self._adam.state_dict() | {"guard": self._guard.state_dict()}
        return state | {"scaler": self._scaler.state_dict()} if self._scaler.is_enabled() else state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on from a saved state."""
        rest = dict(state)
        scale, guard = rest.pop("scaler", None), rest.pop("guard", None)
        # A state may come from another kind of device, and keeps to what is best there.
        rest["param_groups"] = [group | {"fused": self._fused} for group in rest["param_groups"]]
        self._adam.load_state_dict(rest)
        if scale:
            self._scaler.load_state_dict(scale)
        if guard:  # earlier runs remembered nothing
            self._guard.load_state_dict(guard)
        # What was not known yet is about steps that will be taken again.
        self._outcomes = DelayedReader(0 if self._waits else LAG)
