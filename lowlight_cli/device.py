"""Chooses device and number format."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from lowlight_cli.accelerators import ACCELERATORS, Accelerator, accelerator_of
from lowlight_cli.catalog import Catalog
from lowlight_cli.errors import UnavailableError, UsageError


@dataclass(frozen=True, slots=True)
class Precision:
    """A number format for computing with a model.

    Attributes:
        name: Value of ``--precision``.
        dtype: Type for autocast; float32 disables autocast.
        allows_tf32: Whether convolutions and matrix products may round their float32 inputs to TF32, which
            has 10 bits of mantissa instead of 23.
    """

    name: str
    dtype: torch.dtype
    allows_tf32: bool = False

    @contextmanager
    def on(self, device: torch.device) -> Iterator[None]:
        """Context in which models compute in this format.

        Args:
            device: Where they compute.
        """
        is_short = self.dtype is not torch.float32
        with tf32(allowed=self.allows_tf32), torch.autocast(device.type, self.dtype, enabled=is_short):
            yield


FP32 = Precision("fp32", torch.float32)
TF32 = Precision("tf32", torch.float32, allows_tf32=True)
BF16 = Precision("bf16", torch.bfloat16)
FP16 = Precision("fp16", torch.float16)

PRECISIONS: Catalog[Precision] = Catalog("precision", {each.name: each for each in (FP32, TF32, BF16, FP16)})
"""Number formats by name."""


CPU = torch.device("cpu")


def choose_device(name: str) -> torch.device:
    """Device of a name; ``auto`` is the first CUDA GPU, or the CPU if there is none.

    Args:
        name: ``auto``, ``cpu``, ``cuda``, ``cuda:N``, ``xpu``, ``xpu:N`` or ``mps``.

    Raises:
        UsageError: ``name`` is none of these.
        UnavailableError: The machine has no such device.
    """
    if name == "auto":
        tried = [each for each in ACCELERATORS.values() if each.is_tried and each.count()]
        return torch.device(tried[0].name, 0) if tried else CPU
    if name == "cpu":
        return CPU
    if "," in name or name.endswith(":all"):
        raise UsageError(f"--device {name}: only enhance and detect-prep use several devices; choose one")
    kind, colon, number = name.partition(":")
    is_number = number.isascii() and number.isdigit()
    if kind not in ACCELERATORS or (colon and not (ACCELERATORS[kind].is_numbered and is_number)):
        raise UsageError(f"unknown device '{name}'; known: {', '.join(device_names())}")
    index = int(number or 0)
    _check_presence(ACCELERATORS[kind], name, index)
    return torch.device(kind, index)


def expand_devices(name: str) -> tuple[str, ...]:
    """The devices of ``cuda:all`` or of a list such as ``cuda:0,cuda:1``; any other name is returned alone.

    A device that is named twice is returned twice.

    Args:
        name: ``KIND:all``, where a machine can have several of a kind, names with commas between them, or
            what ``choose_device`` takes.

    Raises:
        UsageError: Part of a list is no device, or the devices are of different kinds.
        UnavailableError: The machine lacks one of them.
    """
    kind, _, number = name.partition(":")
    if number == "all" and kind in ACCELERATORS and ACCELERATORS[kind].is_numbered:
        _check_presence(ACCELERATORS[kind], name, 0)
        return tuple(f"{kind}:{index}" for index in range(ACCELERATORS[kind].count()))
    if "," not in name:
        return (name,)
    parts = [part.strip() for part in name.split(",")]
    if any(part == "auto" or part.endswith(":all") for part in parts):
        raise UsageError(f"--device {name}: auto and cuda:all go in no list; name each device")
    kinds = {part.partition(":")[0] for part in parts}
    if len(kinds) > 1 and kinds <= {"cpu", *ACCELERATORS}:
        raise UsageError(f"--device {name}: the devices must be of one kind, so that all results are alike")
    return tuple(str(choose_device(part)) for part in parts)


def device_names() -> list[str]:
    """What ``choose_device`` takes; ``N`` stands for a number from 0."""
    numbered = [(each.name, f"{each.name}:N")[: 1 + each.is_numbered] for each in ACCELERATORS.values()]
    return ["auto", "cpu", *(name for names in numbered for name in names)]


def _check_presence(accelerator: Accelerator, name: str, index: int) -> None:
    count = accelerator.count()
    if not count:
        raise UnavailableError(f"no {accelerator.title} device found (--device {name}); use --device cpu")
    if index >= count:
        raise UnavailableError(
            f"{accelerator.title} device {index} not found (--device {name}); found: {count}"
        )


def choose_training_device(name: str) -> torch.device:
    """Device of a name, for training, whose losses need 64-bit numbers.

    Args:
        name: As for ``choose_device``.

    Raises:
        UsageError: ``name`` is no device.
        UnavailableError: The machine has no such device, or it lacks 64-bit numbers.
    """
    device = choose_device(name)
    if not has_float64(device):
        raise UnavailableError(
            f"training needs 64-bit numbers, which {device} does not have; use --device cpu"
        )
    return device


def scoring_device(name: str) -> torch.device:
    """Device of a name, for metrics, which are computed in 64-bit numbers: the CPU if it has none.

    Args:
        name: As for ``choose_device``.

    Raises:
        UsageError: ``name`` is no device.
        UnavailableError: The machine has no such device.
    """
    device = choose_device(name)
    return device if has_float64(device) else CPU


def has_float64(device: torch.device) -> bool:
    """Whether a device computes with 64-bit numbers."""
    accelerator = accelerator_of(device)
    return accelerator is None or accelerator.has_float64(device.index or 0)


@contextmanager
def seeded(device: torch.device, seed: int) -> Iterator[None]:
    """Context that starts random numbers of the CPU and a device with a seed, and restores them after.

    The state of an Apple GPU is not restored: PyTorch's ``fork_rng`` does not support it.

    Args:
        device: Where random numbers are drawn, besides the CPU.
        seed: Random seed.
    """
    is_forked = device.type not in ("cpu", "mps")
    kind = device.type if is_forked else "cuda"
    with torch.random.fork_rng([device] if is_forked else [], device_type=kind):
        # torch.manual_seed notes the call stack for each kind of GPU that is not in use: 0.8 ms in all.
        torch.default_generator.manual_seed(seed)
        if accelerator := accelerator_of(device):
            accelerator.seed(device, seed)
        yield


def choose_precision(name: str, device: torch.device) -> Precision:
    """Number format of a name; ``auto`` is bfloat16 if the device computes it fast, else float32.

    Used by training. Enhancing compares 16-bit formats with float32 first, in ``pipeline.precision``.

    Args:
        name: ``auto``, ``fp32``, ``tf32``, ``bf16`` or ``fp16``.
        device: Where it will be used.

    Raises:
        UnknownNameError: ``name`` is none of these.
        UsageError: The device has no TF32.
    """
    if name == "auto":
        return BF16 if BF16 in short_formats(device) and is_surely_fast(BF16, device) else FP32
    precision = PRECISIONS[name]
    if precision.allows_tf32 and device.type != "cuda":
        raise UsageError(f"--precision tf32 needs a CUDA device; use fp32 on '{device}'")
    return precision


def short_formats(device: torch.device) -> tuple[Precision, ...]:
    """16-bit formats that a device supports in hardware, the one with more mantissa bits first."""
    if device.type == "cuda":
        return (FP16, BF16) if torch.cuda.is_bf16_supported(including_emulation=False) else (FP16,)
    if device.type != "cpu":
        return (FP16, BF16)
    names = {FP16: ("amx_fp16",), BF16: ("amx_bf16", "avx512_bf16", "bf16")}
    found = torch.cpu.get_capabilities()
    return tuple(each for each, flags in names.items() if any(found.get(flag) for flag in flags))


def is_surely_fast(precision: Precision, device: torch.device) -> bool:
    """Whether a 16-bit format is known to be faster than float32: on GPUs, and on CPUs with AMX.

    Vector instructions alone are not enough: with AVX512-BF16, bfloat16 was 1.45 times slower than float32 on
    one processor and 1.3 to 2.4 times faster on another.

    Args:
        precision: A format of ``short_formats``.
        device: Where it will be used.
    """
    return device.type != "cpu" or bool(torch.cpu.get_capabilities().get(f"amx_{precision.name}"))


@contextmanager
def tf32(*, allowed: bool) -> Iterator[None]:
    """Context that allows or forbids TF32 in float32 convolutions and matrix products on CUDA.

    PyTorch allows it for convolutions by default; then the choice of codebook entries changes and results
    differ visibly.

    Args:
        allowed: Whether TF32 may be used.
    """
    convolutions, products = torch.backends.cudnn, torch.backends.cuda.matmul
    before = convolutions.allow_tf32, products.allow_tf32
    convolutions.allow_tf32 = products.allow_tf32 = allowed
    try:
        yield
    finally:
        convolutions.allow_tf32, products.allow_tf32 = before
