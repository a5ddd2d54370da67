"""Averaging, precision and freezing, as plain functions that recipes call."""

from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from lowlight_cli.device import choose_precision
from lowlight_cli.training.config import RunSettings

Parts = TypeVar("Parts", bound=tuple[Any, ...])
Tensors = tuple[Tensor, ...] | list[Tensor]
Model = TypeVar("Model", bound=nn.Module)


def placed(module: Model, device: torch.device) -> Model:
    """The module on a device, channels last, which convolutions are fastest in."""
    return module.to(device).to(memory_format=torch.channels_last)


def compiled(module: Model, settings: RunSettings) -> Model:
    """The same module, its forward pass compiled where the settings ask for it.

    Names of weights stay as they are. What cannot be compiled as a whole raises, at the first pass, rather
    than that parts of it run as if nothing had been asked.
    """
    if settings.compile:
        module.compile(fullgraph=True)
    return module


def averaged(model: nn.Module, decay: float) -> AveragedModel:
    """Moving average of a model's weights; call ``update_parameters`` after each step.

    The decay starts low and rises to ``decay``, so that the first, bad weights are soon forgotten.
    """

    def blend(means: Tensors, news: Tensors, _: Tensor | int) -> None:
        steps = int(average.n_averaged)  # on the CPU, unlike what is handed in, so that no GPU is waited for
        share = 1 - min(decay, (1 + steps) / (10 + steps))
        torch._foreach_lerp_(means, news, share)

    average = AveragedModel(model, multi_avg_fn=blend)
    return average


def freeze(*modules: nn.Module) -> None:
    """Takes modules out of training: evaluation mode, no gradients."""
    for module in modules:
        module.eval().requires_grad_(requires_grad=False)


def autocast(settings: RunSettings, device: torch.device) -> torch.autocast:
    """Context for forward passes in the precision of the run; losses stay outside of it."""
    dtype = choose_precision(settings.precision, device).dtype
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
