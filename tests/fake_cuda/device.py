"""CUDA without a GPU, for a process of its own: tensors have shapes, types and a device, but no data.

Torch's FakeTensorMode runs the real code with the dispatch keys of CUDA. So errors of device and type, waits,
copies and memory are those of a GPU; values, speed and the limits of kernels are not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn
from torch._subclasses import fake_tensor
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.nn.functional import scaled_dot_product_attention

CUDA = torch.device("cuda", 0)


@contextmanager
def fake_cuda() -> Iterator[None]:
    """Makes torch believe in a GPU until the process ends; tensors made inside hold no data."""
    for name, answer in _ANSWERS.items():
        setattr(torch.cuda, name, answer)
    fake_tensor.init_gpu_context = lambda device: None  # allocates a real tensor
    for name in _FILLS:
        setattr(nn.init, name, lambda tensor, *_, **__: tensor)
    torch.tensor = _tensor_without_data
    torch.Generator = _Generator
    torch.cuda.Event = _Event
    torch.cuda.current_stream = lambda device=None: None
    FakeTensor.numpy = _zeros_like
    with FakeTensorMode(allow_non_fake_inputs=True), torch.inference_mode():
        yield


_ANSWERS = {
    "is_available": lambda: True,
    "is_bf16_supported": lambda including_emulation=True: True,
    "device_count": lambda: 1,
    "_lazy_init": lambda: None,
    "get_rng_state": lambda device=None: None,
    "set_rng_state": lambda state, device=None: None,
    "manual_seed_all": lambda seed: None,
}
"""What torch.cuda says in place of asking the driver."""

_FILLS = (
    "uniform_",
    "normal_",
    "trunc_normal_",
    "kaiming_uniform_",
    "kaiming_normal_",
    "orthogonal_",
    "dirac_",
)
"""What fills parameters in ``torch.nn.init``: it takes time, and there is nothing to fill."""

_make_tensor = torch.tensor


class _Generator(torch.Generator):
    """A generator that asks no driver for a state; what it draws has no values."""

    def manual_seed(self, seed: int) -> "_Generator":
        return self if self.device.type == "cuda" else super().manual_seed(seed)


class _Event:
    """An event whose wait is seen by dispatch modes."""

    def __init__(self, enable_timing: bool = False, blocking: bool = False) -> None:
        self._has_time = enable_timing

    def record(self, stream: object = None) -> None:
        """Nothing runs, so nothing is to be waited for."""

    def query(self) -> bool:
        """All that was begun is done."""
        return True

    def elapsed_time(self, other: "_Event") -> float:
        """A millisecond."""
        if not (self._has_time and other._has_time):
            raise ValueError("events without timing")
        return 1.0

    def synchronize(self) -> None:
        torch.zeros((), device=CUDA).item()


def _tensor_without_data(data: Any, *, device: Any = None, **options: Any) -> torch.Tensor:
    """``torch.tensor`` in two steps, so that the copy to the device is seen by dispatch modes."""
    made = without_value(_make_tensor(data, **options))
    return made if device is None else made.to(device)


def without_value(tensor: torch.Tensor) -> torch.Tensor:
    """Forgets the value that fake tensors of a few numbers keep: torch would really copy it to the GPU."""
    if isinstance(tensor, FakeTensor):
        tensor.constant = None
    return tensor


def _zeros_like(tensor: torch.Tensor, **_: Any) -> np.ndarray:
    if tensor.dtype is torch.bool:  # every check passes
        return np.ones(tuple(tensor.shape), bool)
    return np.zeros(tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))


def why_not_here() -> str | None:
    """Why this does not work with the torch of this process; None where it does. Call it in ``fake_cuda``."""
    try:
        count = torch._C._cuda_getDeviceCount()
        if count != 1:
            return f"torch found {count} CUDA devices, not the one of the shim"
        positions = torch.zeros(1, 1, 64, 32).to(CUDA)
        scaled_dot_product_attention(positions, positions, positions)
    except (AttributeError, RuntimeError) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return None


def placed(model: nn.Module) -> nn.Module:
    """Moves a model to the fake device, convolutions channels last.

    ``Module.to`` cannot: it swaps tensors, and fake ones refuse. Here it has no effect from now on.
    """
    for module in model.modules():
        for name, value in module._parameters.items():
            if value is not None:
                module._parameters[name] = nn.Parameter(_on_device(value), requires_grad=False)
        for name, value in module._buffers.items():
            if value is not None:
                module._buffers[name] = _on_device(value)
    model.to = lambda *_, **__: model
    return model


def _on_device(tensor: torch.Tensor) -> torch.Tensor:
    layout = torch.channels_last if tensor.dim() == 4 else torch.contiguous_format
    return torch.empty(tensor.shape, dtype=tensor.dtype, device=CUDA, memory_format=layout)
