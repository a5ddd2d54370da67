"""Functions for recipes: weight averaging, precision, freezing and the learning-rate schedule."""

from typing import Any, Literal, TypeVar

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from lowlight_cli.device import choose_precision
from lowlight_cli.training.config import OptimizerSettings, RunSettings, Settings
from lowlight_cli.training.optimizer import rate_share

Parts = TypeVar("Parts", bound=tuple[Any, ...])
Model = TypeVar("Model", bound=nn.Module)


def to_device(module: Model, device: torch.device) -> Model:
    """The module on a device, in the channels-last layout, which is the fastest for convolutions."""
    return module.to(device).to(memory_format=torch.channels_last)


def compiled(module: Model, settings: RunSettings) -> Model:
    """The same module, with its forward pass compiled if the settings say so.

    Names of weights do not change. A module that cannot be compiled as a whole raises at its first pass,
    instead of running partly uncompiled.
    """
    if settings.compile:
        module.compile(fullgraph=True)
    return module


class MovingAverage(AveragedModel):
    """Moving average of a model's weights; call ``update_parameters`` after each step.

    The decay starts low and rises to ``decay``, so that the first weights lose their influence soon. That of
    PyTorch copies its count of updates to the GPU, and waits for that, each time.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        super().__init__(model)
        self.decay = decay

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Takes the weights of the model into the average; buffers become those of the model."""
        steps = int(self.n_averaged)
        share = 1 - min(self.decay, (1 + steps) / (10 + steps)) if steps else 1.0
        torch._foreach_lerp_(list(self.module.parameters()), list(model.parameters()), share)
        for mean, new in zip(self.module.buffers(), model.buffers(), strict=True):
            mean.copy_(new)
        self.n_averaged += 1


def averaged(model: nn.Module, decay: float) -> MovingAverage:
    """Moving average of a model's weights."""
    return MovingAverage(model, decay)


def freeze(*modules: nn.Module) -> None:
    """Sets modules to evaluation mode, without gradients."""
    for module in modules:
        module.eval().requires_grad_(requires_grad=False)


def autocast(settings: RunSettings, device: torch.device) -> torch.autocast:
    """Context for forward passes in the precision of the run; compute losses outside of it."""
    dtype = choose_precision(settings.precision, device).dtype
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)


def to_float32(parts: Parts) -> Parts:
    """The same tuple with its floating-point tensors as float32."""
    return type(parts)(
        *(part.float() if isinstance(part, Tensor) and part.is_floating_point() else part for part in parts)
    )


def set_trainable(module: nn.Module, *, trainable: bool) -> None:
    """Turns gradients of a module on or off, as for a discriminator while the generator is trained."""
    for parameter in module.parameters():
        parameter.requires_grad_(trainable)


class DecaySettings(Settings):
    """Decay of the learning rate.

    Args:
        kind: ``cosine`` falls to ``optimizer.final`` at the last step; ``staircase`` multiplies by ``factor``
            after every ``every`` steps; ``continuous`` does the same smoothly.
        every: Steps between two factors.
        factor: Factor of the rate.
    """

    kind: Literal["cosine", "staircase", "continuous"] = "cosine"
    every: PositiveInt = 6000
    factor: float = 0.9


def decayed_share(step: int, steps: float | int, decay: DecaySettings, optimizer: OptimizerSettings) -> float:
    """Learning rate at a step, as a share of the highest one.

    Args:
        step: Counted from 0.
        steps: Steps of the whole schedule.
        decay: Kind of decay.
        optimizer: Gives the warm-up and the end of the cosine.
    """
    if decay.kind == "cosine":
        return rate_share(step, steps, optimizer)
    falls = step / decay.every
    warm = min(1.0, (step + 1) / optimizer.warmup)
    return float(warm * decay.factor ** (falls if decay.kind == "continuous" else int(falls)))
