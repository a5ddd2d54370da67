"""Cost of running a model: parameters and floating-point operations."""

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer


def count_parameters(module: nn.Module) -> int:
    """Number of parameters, frozen ones included."""
    return sum(parameter.numel() for parameter in module.parameters())


def count_operations(model: Enhancer, height: int, width: int) -> int:
    """Operations to enhance one image; a multiplication and an addition count as two.

    Sides are rounded up to multiples that the model needs; the frame of the engine is not counted.

    Args:
        model: In evaluation mode; only shapes are computed.
        height: Pixels.
        width: Pixels.
    """
    sides = [side + -side % model.size_multiple for side in (height, width)]
    shapes_only = FakeTensorMode(allow_non_fake_inputs=True)
    # Not every version of torch counts fused attention; the plain one is the same two products.
    plain = sdpa_kernel(SDPBackend.MATH)
    with plain, shapes_only, FlopCounterMode(display=False) as counter, torch.no_grad():
        model.enhance(torch.full((1, 3, *sides), 0.1), Controls())
    return int(counter.get_total_flops())
