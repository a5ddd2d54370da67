"""Optimizers, schedule, averaging and freezing, as plain functions that recipes call."""

import math
from collections.abc import Iterable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import Adam, Optimizer
from torch.optim.swa_utils import AveragedModel

from lowlight_cli.device import choose_precision
from lowlight_cli.training.config import OptimizerSettings, RunSettings

Parts = TypeVar("Parts", bound=tuple[Any, ...])
Tensors = tuple[Tensor, ...] | list[Tensor]
Model = TypeVar("Model", bound=nn.Module)


def adam(
    parameters: Iterable[nn.Parameter], settings: OptimizerSettings, *, rate: float | None = None
) -> Adam:
    """Adam over the parameters that are to be trained."""
    wanted = [parameter for parameter in parameters if parameter.requires_grad]
    return Adam(wanted, lr=rate or settings.learning_rate, betas=settings.betas)


def rate_share(step: int, steps: int, settings: OptimizerSettings) -> float:
    """Share of the highest learning rate at ``step``: linear warm-up, then cosine to ``final``."""
    warm = min(1.0, (step + 1) / settings.warmup)
    falling = (1 + math.cos(math.pi * min(1.0, step / steps))) / 2
    return warm * (settings.final + (1 - settings.final) * falling)


def descend(optimizer: Optimizer, loss: Tensor, *, rate: float, clip: float) -> None:
    """One step down the gradient, clipped to norm ``clip``, at the given learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], clip)
    optimizer.step()


def placed(module: Model, device: torch.device) -> Model:
    """The module on a device, channels last, which convolutions are fastest in."""
    return module.to(device).to(memory_format=torch.channels_last)


def averaged(model: nn.Module, decay: float) -> AveragedModel:
    """Moving average of a model's weights; call ``update_parameters`` after each step.

    The decay starts low and rises to ``decay``, so that the first, bad weights are soon forgotten.
    """

    def blend(means: Tensors, news: Tensors, count: Tensor | int) -> None:
        steps = int(count)
        share = 1 - min(decay, (1 + steps) / (10 + steps))
        torch._foreach_lerp_(means, news, share)

    return AveragedModel(model, multi_avg_fn=blend)


def freeze(*modules: nn.Module) -> None:
    """Takes modules out of training: evaluation mode, no gradients."""
    for module in modules:
        module.eval().requires_grad_(requires_grad=False)


def autocast(settings: RunSettings, device: torch.device) -> torch.autocast:
    """Context for forward passes in the precision of the run; losses stay outside of it."""
    dtype = choose_precision(settings.precision, device)
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)


def in_full(parts: Parts) -> Parts:
    """The same tuple of tensors with floating-point numbers in full precision."""
    return type(parts)(
        *(part.float() if isinstance(part, Tensor) and part.is_floating_point() else part for part in parts)
    )


def set_trainable(module: nn.Module, *, trainable: bool) -> None:
    """Turns gradients of a module on or off, for the turns of a critic."""
    for parameter in module.parameters():
        parameter.requires_grad_(trainable)


class GeneratorState:
    """Lets a random generator be saved and put back like a model."""

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator

    def state_dict(self) -> dict[str, Tensor]:
        """The state of the stream."""
        return {"state": self.generator.get_state()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Goes on where the stream was saved."""
        self.generator.set_state(state["state"])
