"""Time and error of each number format for each model that ships, and what ``--precision auto`` takes.

The formats take turns, so that a machine which slows down slows all of them. Differences to fp32 are in
steps of 8 bits: the largest and the mean on dark noise with lamps, and the largest on the sample images.

    python benchmarks/precision.py --machine laptop --repeats 5
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from timing import write_result

from lowlight_cli.device import PRECISIONS, choose_device
from lowlight_cli.errors import LowlightError
from lowlight_cli.images.decode import decode
from lowlight_cli.images.picture import Pixels
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.pipeline.model_runner import ModelRunner
from lowlight_cli.pipeline.model_setup import make_runner
from lowlight_cli.pipeline.settings import EnhanceSettings

SAMPLES = Path(__file__).parents[1] / "sample_images"
LARGEST_SAMPLE = 2**20
"""Pixels; larger samples are left out, as a slow format takes minutes for them."""


def main() -> None:
    """Measures every model, prints a table and writes the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", help="names; all that ship if none are given")
    parser.add_argument("--machine", default="unnamed", help="short name for the result file")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--size", default="600x400", help="width x height of the timed image")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    device = choose_device(arguments.device)
    names = arguments.models or [
        name for name, entry in MODELS.items() if not entry.hidden and entry.is_ready
    ]
    formats = [name for name in PRECISIONS if name != "tf32" or device.type == "cuda"]
    width, height = map(int, arguments.size.split("x"))
    cases: dict[str, Any] = {}
    for name in names:
        case = _case(name, arguments.device, formats, _dark(height, width), arguments.repeats)
        cases[name] = case
        for precision in formats:
            print(f"{name:12} {precision:5} {_row(case[precision], case['fp32'])}", flush=True)
        print(f"{name:12} auto: {case['auto']['precision']}, {case['auto']['reason']}", flush=True)
    print(write_result("precision", device.type, arguments.machine, cases))


def _row(case: dict[str, Any], exact: dict[str, Any]) -> str:
    ratio = case["min_s"] / exact["min_s"]
    errors = f"{case['largest']:5.1f} {case['mean']:6.3f} /255"
    return f"{case['min_s']:7.3f} s  {ratio:5.2f} x fp32  {errors}  on samples {case['samples_largest']:5.1f}"


def _case(name: str, device: str, formats: list[str], pixels: Pixels, repeats: int) -> dict[str, Any]:
    forwards = {
        precision: make_runner(EnhanceSettings(model=name, device=device, precision=precision))
        for precision in formats
    }
    results = {precision: _enhanced(forward, pixels) for precision, forward in forwards.items()}  # warms up
    seconds: dict[str, list[float]] = {precision: [] for precision in formats}
    for _ in range(repeats):
        for precision, forward in forwards.items():
            begin = time.perf_counter()
            _enhanced(forward, pixels)
            seconds[precision].append(time.perf_counter() - begin)
    samples = _samples_off(forwards)
    found: dict[str, Any] = {}
    for precision in formats:
        steps = np.abs(results[precision].astype(int) - results["fp32"].astype(int))
        found[precision] = {
            "min_s": min(seconds[precision]),
            "seconds": seconds[precision],
            "largest": float(steps.max()) / 257,
            "mean": float(steps.mean()) / 257,
            "samples_largest": samples[precision],
        }
    auto = make_runner(EnhanceSettings(model=name, device=device, precision="auto"))
    return found | {"auto": {"precision": auto.precision.name, "reason": auto.precision_reason}}


def _samples_off(forwards: dict[str, ModelRunner]) -> dict[str, float]:
    """Largest difference to fp32 over the sample images, in steps of 8 bits."""
    largest = dict.fromkeys(forwards, 0.0)
    for path in sorted(SAMPLES.iterdir()):
        try:
            pixels = decode(path).pixels
        except LowlightError:
            continue
        if pixels.shape[0] * pixels.shape[1] > LARGEST_SAMPLE:
            continue
        pixels = pixels if pixels.dtype == np.uint16 else pixels.astype(np.uint16) * 257
        exact = _enhanced(forwards["fp32"], pixels).astype(int)
        for precision, forward in forwards.items():
            steps = np.abs(_enhanced(forward, pixels).astype(int) - exact)
            largest[precision] = max(largest[precision], float(steps.max()) / 257)
    return largest


def _enhanced(forward: ModelRunner, pixels: Pixels) -> Pixels:
    (result,) = forward([pixels])
    if isinstance(result, Exception):
        raise result
    if forward.device.type == "cuda":
        torch.cuda.synchronize(forward.device)
    return result


def _dark(height: int, width: int) -> Pixels:
    """Dark noise with lamps, in 16 bits, so that differences below a step of 8 bits are seen."""
    generator = np.random.default_rng(0)
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    light = np.stack([0.10 * across, 0.08 * down, 0.07 * (1 - across)], -1)
    for row, column in generator.random((4, 2)):
        light += 0.5 * np.exp(-((down - row) ** 2 + (across - column) ** 2) / 0.004)[..., None]
    light += generator.normal(0, 0.01, light.shape)
    return (light.clip(0, 1) * 65535).round().astype(np.uint16)


if __name__ == "__main__":
    main()
