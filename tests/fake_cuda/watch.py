"""Records where a pass waits for the GPU, what it copies, and how much memory it holds."""

import math
import traceback
import weakref
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.fake_cuda.device import without_value

aten = torch.ops.aten
COMPOSITE = torch._C.DispatchKey.CompositeImplicitAutograd


class Event(NamedTuple):
    """One wait or copy: what, how many bytes, and the line of the package that caused it."""

    kind: str
    size: int
    place: str


class Watch(TorchDispatchMode):
    """Watches the operations of one pass.

    A copy to the CPU is a wait, too, unless it is asked not to block.
    Operations whose shape depends on data raise an error, as they do in
    FakeTensorMode; each would wait.

    Args:
        known: Tensors that were there before, whose memory does not count.

    Attributes:
        events: Waits and copies in order.
        peak: Highest number of bytes of tensors on the device.
        largest: Elements of the largest tensor.
    """

    def __init__(self, known: Iterable[torch.Tensor] = ()) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.peak = self.largest = self._live = 0
        self._storages = {tensor.untyped_storage()._cdata: 0 for tensor in known}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is aten._local_scalar_dense.default:
            return self._value_of(args[0])
        if _is_composite(func):
            with self:
                return func.decompose(*args, **kwargs)
        self._note_copy(func, args, kwargs)
        made = func(*args, **kwargs)
        for tensor in made if isinstance(made, tuple | list) else (made,):
            if isinstance(tensor, torch.Tensor):
                self._note_memory(without_value(tensor))
        if func is torch.ops.torchvision.deform_conv2d.default:
            self.peak = max(self.peak, self._live + _deformable_workspace(args[0], args[2], args[3], made))
        return made

    def count(self, kind: str) -> int:
        """Number of events of one kind."""
        return sum(event.kind == kind for event in self.events)

    def size(self, kind: str) -> int:
        """Bytes of all events of one kind."""
        return sum(event.size for event in self.events if event.kind == kind)

    def _value_of(self, tensor: torch.Tensor) -> float | bool:
        """A wait; every check passes, as all results are taken to be finite."""
        if tensor.is_cuda:
            self.events.append(Event("wait", 0, _place()))
        return True if tensor.dtype is torch.bool else 1.0

    def _note_copy(self, func: Any, args: Any, kwargs: Any) -> None:
        waits = not kwargs.get("non_blocking", False)
        if func is aten._to_copy.default and kwargs.get("device") is not None:
            source, target = args[0], torch.device(kwargs["device"])
        elif func is aten.copy_.default:
            target, source = args[0].device, args[1]
            waits = waits and not (len(args) > 2 and args[2])
        else:
            return
        if {source.device.type, target.type} != {"cpu", "cuda"}:
            return
        kind = "copy in" if target.type == "cuda" else "copy out"
        self.events.append(Event(kind, source.numel() * source.element_size(), _place()))
        if kind == "copy out" and waits:
            self.events.append(Event("wait", 0, _place()))

    def _note_memory(self, tensor: torch.Tensor) -> None:
        if not tensor.is_cuda:
            return
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if tensor.numel() * tensor.element_size() <= size:  # an expanded view is not as large as its shape
            self.largest = max(self.largest, tensor.numel())
        if key not in self._storages:
            self._storages[key] = size
            self._live += size
            self.peak = max(self.peak, self._live)
            weakref.finalize(storage, self._release, key)

    def _release(self, key: int) -> None:
        self._live -= self._storages.pop(key)


@cache
def _is_composite(func: Any) -> bool:
    """Whether torch would call other operations, which it hands over whole in inference mode.

    What it has in Python alone, for compilers, is no composite on a GPU: nearest upsampling is one kernel.
    """
    if func.namespace != "aten" or COMPOSITE in func.py_kernels:
        return False
    return torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), COMPOSITE)


def _deformable_workspace(
    features: torch.Tensor, offsets: torch.Tensor, modulation: torch.Tensor, made: torch.Tensor
) -> int:
    """Bytes that torchvision's kernel holds beside its result, which its shape function does not know of.

    Two more results, the sampled features of all nine taps, and copies of what is not contiguous; see
    ``deform_conv2d_forward_kernel`` in torchvision/csrc/ops/cuda/deform_conv2d_kernel.cu. (The samples may
    have more than 2^31 elements: it takes 64-bit indices then, pytorch/vision#4351.)
    """
    samples = 9 * features.shape[1] * math.prod(offsets.shape[2:]) * features.shape[0]
    copies = [each for each in (features, offsets, modulation) if not each.is_contiguous()]
    numbers = samples + 2 * made.numel() + sum(each.numel() for each in copies)
    return numbers * made.element_size()


def _place() -> str:
    """The innermost line of the package on the stack."""
    for frame in reversed(traceback.extract_stack()):
        if "/lowlight_cli/" in frame.filename:
            return f"{frame.filename.rpartition('/lowlight_cli/')[2]}:{frame.lineno}"
    return "elsewhere"
