"""What the device can do at most: copies on it, copies to and from it, products of matrices."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from gpu.check import Bench, Found
from lowlight_cli.device import PRECISIONS


def ceilings(bench: Bench, _seconds: float) -> Found:
    """Bytes per second of copies (read and written ones both count on the device), operations of products.

    Makes the photos of the other sections first.
    """
    make_photos(bench)
    clock, count = bench.clock, bench.sizes.copied
    here, there = (torch.empty(count, dtype=torch.uint8, device=bench.device) for _ in range(2))
    yield "copy_gb_s", 2 * count / clock.seconds(lambda: there.copy_(here)) / 1e9
    yield from _products(bench)
    if clock.is_cuda:
        yield from _bus(bench, here[: count // 4])


def _products(bench: Bench) -> Found:
    """Operations per second of a square product; numbers are random, as zeros are faster."""
    side = bench.sizes.product
    for name in bench.sizes.formats:
        precision = PRECISIONS[name]
        left, right = (torch.randn(side, side, device=bench.device).to(precision.dtype) for _ in range(2))
        with precision.on(bench.device):
            seconds = bench.clock.seconds(lambda left=left, right=right: left @ right)
        yield f"product_{name}_tflop_s", 2 * side**3 / seconds / 1e12


def _bus(bench: Bench, device_side: torch.Tensor) -> Found:
    plain = torch.empty(len(device_side), dtype=torch.uint8)
    for name, host in (("pageable", plain), ("pinned", plain.pin_memory())):
        to_device = bench.clock.seconds(lambda host=host: device_side.copy_(host, non_blocking=True))
        from_device = bench.clock.seconds(lambda host=host: host.copy_(device_side, non_blocking=True))
        yield f"in_{name}_gb_s", len(plain) / to_device / 1e9
        yield f"out_{name}_gb_s", len(plain) / from_device / 1e9


def small_photos(bench: Bench) -> Path:
    """Folder of the photos that are enhanced from file to file."""
    return bench.folder / "photos"


def large_photos(bench: Bench) -> Path:
    """Folder of the large ones."""
    return bench.folder / "large-photos"


def mixed_photos(bench: Bench) -> Path:
    """Folder of photos like the small ones, some of them up to a dozen rows shorter, as in many data sets."""
    return bench.folder / "mixed-photos"


def make_photos(bench: Bench) -> None:
    """Writes these folders: dark, noisy JPEGs, as costly to decode as photos."""
    _fill(small_photos(bench), bench.sizes.photos, bench.sizes.photo)
    _fill(large_photos(bench), bench.sizes.large_photos, bench.sizes.large)
    _fill(mixed_photos(bench), bench.sizes.photos, bench.sizes.photo, shorter=12)


def _fill(folder: Path, count: int, size: tuple[int, int], shorter: int = 0) -> None:
    folder.mkdir()
    height, width = size
    margin = 64  # windows at other places of one field of noise: no two photos are equal
    noise = np.random.default_rng(0).normal(0, 3, (height + margin, width + margin, 3)).astype(np.float32)
    glow = np.linspace(0, 40, width)[None, :, None] + np.linspace(0, 20, height)[:, None, None]
    glow = glow.astype(np.float32)

    def write(number: int) -> None:
        window = noise[number % margin :, (7 * number) % margin :][:height, :width]
        pixels = (glow + window)[: height - number % (shorter + 1)].clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:04}.jpg", quality=92)

    with ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:
        list(pool.map(write, range(count)))
