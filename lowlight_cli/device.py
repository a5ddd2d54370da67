"""Chooses device and number format; the only module that queries the hardware."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

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


def choose_device(name: str) -> torch.device:
    """Device of a name; ``auto`` is the first GPU, or the CPU if there is none.

    Args:
        name: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        UsageError: ``name`` is none of these.
        UnavailableError: The machine has no such device.
    """
    if name == "auto":
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    kind, colon, number = name.partition(":")
    if kind not in ("cpu", "cuda") or (
        colon and not (kind == "cuda" and number.isascii() and number.isdigit())
    ):
        raise UsageError(f"unknown device '{name}'; known: auto, cpu, cuda, cuda:N")
    if kind == "cpu":
        return torch.device("cpu")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if int(number or 0) >= count:
        raise UnavailableError(f"device '{name}' not found; number of CUDA devices: {count}")
    return torch.device("cuda", int(number or 0))


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
