"""Kinds of GPU: how many are here, their names, memory and abilities.

PyTorch names these functions differently for each kind; the rest of the package asks here.
"""

import sys
from dataclasses import dataclass
from types import ModuleType

import torch

from lowlight_cli.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Accelerator:
    """A kind of GPU.

    Attributes:
        name: Device type in PyTorch, and value of ``--device``.
        title: Name in messages.
        is_tried: Whether results were checked on such a GPU. Others are used only on request, after a
            comparison with the CPU.
        is_numbered: Whether a machine can have several.
    """

    name: str
    title: str
    is_tried: bool = False
    is_numbered: bool = True

    def count(self) -> int:
        """Number of such GPUs that PyTorch can use."""
        module = self._module
        return int(module.device_count()) if module.is_available() else 0

    def describe(self, index: int) -> str:
        """Name and memory of one GPU.

        Args:
            index: From 0.
        """
        if self.name == "mps":
            memory, kind = torch.mps.recommended_max_memory(), "GiB of shared memory"
        else:
            memory, kind = self._module.get_device_properties(index).total_memory, "GiB"
        return f"{self.gpu_name(index)}, {memory / 2**30:.0f} {kind}"

    def gpu_name(self, index: int) -> str:
        """Name of one GPU.

        Args:
            index: From 0.
        """
        return "Apple GPU" if self.name == "mps" else str(self._module.get_device_name(index))

    def free_bytes(self, device: torch.device) -> int:
        """Memory that is free, in bytes.

        Args:
            device: One of this kind.
        """
        if self.name == "mps":
            return max(0, torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
        return int(self._module.mem_get_info(device)[0])

    def peak_bytes(self, device: torch.device) -> int:
        """Most memory that PyTorch held so far; on an Apple GPU what it holds now, in bytes.

        Args:
            device: One of this kind.
        """
        if self.name == "mps":
            return int(torch.mps.driver_allocated_memory())
        return int(self._module.max_memory_allocated(device))

    def reset_peak(self, device: torch.device) -> None:
        """Lets ``peak_bytes`` count from now on; an Apple GPU counts no peak.

        Args:
            device: One of this kind.
        """
        if self.name != "mps":
            self._module.reset_peak_memory_stats(device)

    def synchronize(self, device: torch.device) -> None:
        """Waits until all work is done.

        Args:
            device: One of this kind.
        """
        if self.name == "mps":
            torch.mps.synchronize()
        else:
            self._module.synchronize(device)

    def empty_cache(self) -> None:
        """Gives memory that PyTorch keeps for reuse back to the system."""
        self._module.empty_cache()

    def seed(self, device: torch.device, seed: int) -> None:
        """Starts the random numbers of a GPU with a seed; those of others stay as they are.

        Args:
            device: One of this kind.
            seed: Random seed.
        """
        if self.name == "mps":
            torch.mps.manual_seed(seed)
        else:
            with self._module.device(device):
                self._module.manual_seed(seed)

    def make_default(self, device: torch.device) -> None:
        """Makes a GPU the one that is used where none is named, so that no memory of another is taken.

        Args:
            device: One of this kind.
        """
        if self.is_numbered:
            self._module.set_device(device)

    def has_float64(self, index: int) -> bool:
        """Whether a GPU computes with 64-bit numbers; Apple's do not, and some of Intel's do not.

        Args:
            index: From 0.
        """
        if self.name == "xpu":
            return bool(torch.xpu.get_device_properties(index).has_fp64)
        return self.name != "mps"

    @property
    def _module(self) -> ModuleType:
        return torch.get_device_module(self.name)


ACCELERATORS: Catalog[Accelerator] = Catalog(
    "accelerator",
    {
        "cuda": Accelerator("cuda", "CUDA", is_tried=True),
        "xpu": Accelerator("xpu", "Intel (xpu)"),
        "mps": Accelerator("mps", "Apple (mps)", is_numbered=False),
    },
)
"""Kinds of GPU by name; ROCm builds of PyTorch present GPUs of AMD as ``cuda``."""


def accelerator_of(device: torch.device) -> Accelerator | None:
    """The kind of GPU that a device is; None for the CPU.

    Args:
        device: Any device that ``choose_device`` returns.
    """
    return None if device.type == "cpu" else ACCELERATORS[device.type]


def make_default(device: torch.device) -> None:
    """Makes a device the one that its kind uses where no number is named; does nothing for the CPU.

    Args:
        device: Any device that ``choose_device`` returns.
    """
    if accelerator := accelerator_of(device):
        accelerator.make_default(device)


def recorded_event(
    device: torch.device, *, has_time: bool = False, is_waited_for: bool = False
) -> torch.cuda.Event:
    """An event after all work that was queued on a CUDA device so far, in its current stream.

    Args:
        device: A CUDA device.
        has_time: Whether the time between two such events can be asked for.
        is_waited_for: Whether a thread that waits for it sleeps; otherwise it keeps a processor core busy.
    """
    event = torch.cuda.Event(enable_timing=has_time, blocking=is_waited_for)
    event.record(torch.cuda.current_stream(device))
    return event


def copied_to_host(value: torch.Tensor) -> torch.Tensor:
    """A copy in pinned memory, complete once an event recorded after it has come; the value itself on a CPU.

    Args:
        value: A tensor on the CPU or on a CUDA device.
    """
    if value.device.type == "cpu":
        return value
    return torch.empty_like(value, device="cpu", pin_memory=True).copy_(value, non_blocking=True)


def peak_memory_mb(device: torch.device) -> float | None:
    """Peak memory so far in MiB: of PyTorch on a GPU, otherwise of the process; None if not known."""
    if accelerator := accelerator_of(device):
        return accelerator.peak_bytes(device) / 2**20
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:  # Windows
        return None
    peak = getrusage(RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
