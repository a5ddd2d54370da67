"""TF32 without the hardware: matrix products and convolutions round their float32 operands to 10 bits."""

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten
PRODUCTS = (
    aten.mm, aten.bmm, aten.addmm, aten.baddbmm, aten.convolution, aten.convolution_backward,
    aten.mkldnn_convolution,
)  # fmt: skip


def rounded(values: Tensor) -> Tensor:
    """Float32 values with 10 bits of mantissa instead of 23, to nearest."""
    bits = values.detach().contiguous().view(torch.int32)
    return ((bits + 0x1000) & ~0x1FFF).view(torch.float32).reshape(values.shape)


class SimulatedTf32(TorchDispatchMode):
    """While it lasts, products are as a GPU computes them where TF32 is allowed, backward passes included.

    Attributes:
        products: How many were rounded.
    """

    def __init__(self) -> None:
        super().__init__()
        self.products = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function.overloadpacket in PRODUCTS and args[0].dtype == torch.float32:
            self.products += 1
            args = [rounded(each) if isinstance(each, Tensor) else each for each in args]
        return function(*args, **(kwargs or {}))
