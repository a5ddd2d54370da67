"""Steps of an optimizer: gradients gathered, clipped and applied, or left out where they are not finite."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn
from torch.amp.grad_scaler import GradScaler
from torch.nn.utils import clip_grad_norm_
from torch.optim import Adam

from lowlight_cli.device import choose_precision
from lowlight_cli.tensors import Scalar
from lowlight_cli.training.config import OptimizerSettings, Recipe
from lowlight_cli.training.processes import ranks, summed


def rate_share(step: int, steps: int, settings: OptimizerSettings) -> float:
    """Share of the highest learning rate at ``step``: linear warm-up, then cosine to ``final``."""
    warm = min(1.0, (step + 1) / settings.warmup)
    falling = (1 + math.cos(math.pi * min(1.0, step / steps))) / 2
    return warm * (settings.final + (1 - settings.final) * falling)


@torch.no_grad()
def averaged_gradients(parameters: Sequence[nn.Parameter], *, is_finite: bool) -> bool:
    """Gives every process the mean of the gradients of all, in one exchange.

    A parameter has no gradient afterwards only if it had none in any process.

    Args:
        parameters: The same ones in the same order in each process.
        is_finite: Whether the losses of this process were.

    Returns:
        Whether the losses of all were.
    """
    gradients = [parameter.grad for parameter in parameters]
    flags = torch.tensor([float(not is_finite), *(float(gradient is not None) for gradient in gradients)])
    pieces = [
        torch.zeros_like(parameter) if gradient is None else gradient
        for parameter, gradient in zip(parameters, gradients, strict=True)
    ]
    flat = torch.cat([flags.to(parameters[0]), *(piece.flatten() for piece in pieces)])
    failed, *had = summed(flat)[: len(flags)].tolist()
    means = (flat[len(flags) :] / ranks()).split([piece.numel() for piece in pieces])
    for parameter, mean, count in zip(parameters, means, had, strict=True):
        if parameter.grad is None:
            parameter.grad = mean.view_as(parameter) if count else None
        else:
            parameter.grad.copy_(mean.view_as(parameter))  # in its own layout
    return not failed


class Descent:
    """Adam over the parameters that are to be trained; can be saved like a model.

    Where several processes train together, gradients are averaged over them, so that all take the same step.
    A step whose loss or gradient is not finite changes nothing. In 16-bit floats gradients are scaled up, and
    some are lost at first until the scale is found; only losses and gradients that stay bad count as failed.

    Args:
        parameters: Those without gradient are left out.
        recipe: Gives rates, clipping, precision and the number of parts of a batch.
        device: Where the parameters are.
        rate: Highest learning rate, if not that of the settings.

    Attributes:
        failed: Whether the last step was left out.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        recipe: Recipe,
        device: torch.device,
        *,
        rate: float | None = None,
    ) -> None:
        self._parameters = [parameter for parameter in parameters if parameter.requires_grad]
        self._settings = recipe.optimizer
        self._rate = rate or recipe.optimizer.learning_rate
        self._adam = Adam(self._parameters, lr=self._rate, betas=recipe.optimizer.betas)
        is_half = choose_precision(recipe.run.precision, device).dtype == torch.float16
        self._scaler = GradScaler(device.type, enabled=is_half)
        self._pieces = recipe.run.accumulate
        self._is_finite = True
        self.failed = False

    def learn(self, loss: Scalar) -> None:
        """Adds the gradient of one part of the batch.

        Args:
            loss: Mean over the part.
        """
        self._is_finite &= bool(torch.isfinite(loss.detach()))
        self._scaler.scale(loss / self._pieces).backward()

    def take(self, share: float) -> bool:
        """Takes the step, and says whether it was taken.

        Args:
            share: Of the highest learning rate.
        """
        for group in self._adam.param_groups:
            group["lr"] = share * self._rate
        if ranks() > 1:
            self._is_finite = averaged_gradients(self._parameters, is_finite=self._is_finite)
        self._scaler.unscale_(self._adam)
        norm = clip_grad_norm_(self._parameters, self._settings.clip)
        taken = self._is_finite and bool(torch.isfinite(norm))
        self.failed = not taken and (not self._is_finite or self._scaler.get_scale() <= 1)
        if taken:
            self._scaler.step(self._adam)
        self._scaler.update()
        self._adam.zero_grad(set_to_none=True)
        self._is_finite = True
        return taken

    def state_dict(self) -> dict[str, Any]:
        """Running means of the gradients, and the scale in 16-bit floats."""
        state = self._adam.state_dict()
        return state | {"scaler": self._scaler.state_dict()} if self._scaler.is_enabled() else state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on from a saved state."""
        rest = dict(state)
        scale = rest.pop("scaler", None)
        self._adam.load_state_dict(rest)
        if scale:
            self._scaler.load_state_dict(scale)
